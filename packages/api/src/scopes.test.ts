import { randomUUID } from 'node:crypto'
import { includesScope, type Role, type Scope, SCOPES, type TokenScope } from '@bestmark/core'
import { createApiToken, listAudit } from '@bestmark/db'
import { TRPCError } from '@trpc/server'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Caller, LINK, personCaller, tokenCaller, whileValid } from './caller.ts'
import { deniedTo } from './denied.ts'
import { plainRouter } from './plain/router.ts'
import { appRouter, createCaller } from './root.ts'
import { type TestBoard, testBoard } from './testing.ts'
import { type Context, createCallerFactory } from './trpc.ts'

let board: TestBoard
beforeAll(async () => {
  board = await testBoard()
})
afterAll(() => board[Symbol.asyncDispose]())

/** What the caller of each procedure needs. A new procedure must be added here. */
const NEEDS: Record<Scope, readonly string[]> = {
  read: [
    ...['alerts.list', 'alerts.rules.list', 'backtest.run', 'backtest.targets'],
    ...['checkpoints.explain', 'checkpoints.list', 'checkpoints.marks'],
    ...['deployments.advice', 'deployments.conditions', 'deployments.list'],
    ...['hosts.fullDisks', 'hosts.targets'],
    ...['jobs.columns', 'jobs.compare', 'jobs.detail', 'jobs.examples', 'jobs.history'],
    ...['jobs.lastTraceback', 'jobs.list', 'jobs.logs', 'jobs.status'],
    ...['models.get', 'models.list', 'policies.history'],
    ...['recipes.list', 'recipes.ofJob', 'recipes.orders'],
    ...['samples.content', 'samples.list', 'samples.pair', 'series.names', 'series.read'],
    ...['views.list', 'watch', 'watchMany'],
  ],
  write: [
    ...[
      'alerts.test',
      'checkpoints.pin',
      'deployments.approve',
      'deployments.create',
      'deployments.withdraw',
    ],
    ...['jobs.archive', 'jobs.create', 'jobs.delete', 'jobs.note', 'jobs.removeExamples'],
    ...['jobs.rename', 'jobs.resume', 'jobs.restore', 'jobs.stop', 'jobs.tag'],
    ...['models.ask', 'models.rollBack', 'models.verify', 'policies.change'],
    ...['recipes.cancel', 'views.remove', 'views.save'],
  ],
  admin: [
    ...['access.audit', 'access.makeToken', 'access.revokeToken', 'access.tokens'],
    ...['alerts.rules.remove', 'alerts.rules.save'],
    ...['people.changeRole', 'people.endSessions', 'people.invitations', 'people.invite'],
    ...['people.list', 'people.remove', 'people.resetPassword', 'people.withdraw'],
  ],
}

/** The answers that callers get; `in` is any answer to somebody who may call. */
const GETS: Record<string, Record<Scope, string>> = {
  nobody: { read: 'UNAUTHORIZED', write: 'UNAUTHORIZED', admin: 'UNAUTHORIZED' },
  'an expired token': { read: 'UNAUTHORIZED', write: 'UNAUTHORIZED', admin: 'UNAUTHORIZED' },
  'a revoked token': { read: 'UNAUTHORIZED', write: 'UNAUTHORIZED', admin: 'UNAUTHORIZED' },
  'a token to read': { read: 'in', write: 'FORBIDDEN', admin: 'FORBIDDEN' },
  'a token to write': { read: 'in', write: 'in', admin: 'FORBIDDEN' },
  'a token to send journals': { read: 'FORBIDDEN', write: 'FORBIDDEN', admin: 'FORBIDDEN' },
  'a token of an admin': { read: 'in', write: 'in', admin: 'in' },
  'the link': { read: 'in', write: 'in', admin: 'in' },
  'nobody signed in': { read: 'UNAUTHORIZED', write: 'UNAUTHORIZED', admin: 'UNAUTHORIZED' },
  'a viewer': { read: 'in', write: 'FORBIDDEN', admin: 'FORBIDDEN' },
  'a member': { read: 'in', write: 'in', admin: 'FORBIDDEN' },
  'an admin': { read: 'in', write: 'in', admin: 'in' },
}

const withScope = (scope: TokenScope): Caller => ({ ...LINK, kind: 'token', name: 'ci', scope })

const [PERSON, SESSION] = [randomUUID(), randomUUID()]

const withRole = (role: Role): Caller =>
  personCaller({ person_id: PERSON, name: 'Ana', email: 'ana@lab.org', role }, SESSION)

const CALLERS: Record<string, Context['caller']> = {
  nobody: undefined,
  'an expired token': 'expired',
  'a revoked token': 'revoked',
  'a token to read': withScope('read'),
  'a token to write': withScope('write'),
  'a token to send journals': { ...withScope('ingest'), project: 'asr' },
  'a token of an admin': withScope('admin'),
  'the link': LINK,
  'nobody signed in': 'signed_out',
  'a viewer': withRole('viewer'),
  'a member': withRole('member'),
  'an admin': withRole('admin'),
}

type Procedure = { _def: { type: string } }
type Call = (input: unknown) => Promise<unknown>

/** The procedure of a caller by its path. */
function procedureAt(caller: object, path: string): Call {
  let found: unknown = caller
  // A caller is a proxy that answers each name.
  for (const name of path.split('.')) found = (found as Record<string, unknown>)[name]
  return found as Call
}

/** Calls with an input that no procedure takes, because the caller is checked first. */
async function answerOf(call: Call): Promise<string> {
  try {
    await call({ job_id: 0, job_ids: 0, limit: 'x', name: ['x'], person_id: 0 })
    return 'in'
  } catch (error) {
    const code = error instanceof TRPCError ? error.code : String(error)
    return ['BAD_REQUEST', 'NOT_FOUND'].includes(code) ? 'in' : code
  }
}

test('the table has every procedure', () => {
  const listed = Object.values(NEEDS).flat()
  expect(listed.sort()).toEqual(Object.keys(appRouter._def.procedures).sort())
  expect(Object.keys(CALLERS)).toEqual(Object.keys(GETS))
})

test('what a page does not offer to a caller is what the procedures refuse', () => {
  for (const scope of SCOPES) {
    const refused = SCOPES.filter((needed) => !includesScope(scope, needed))
    const expected = refused.flatMap((needed) => NEEDS[needed]).sort()
    expect([scope, deniedTo(withScope(scope)).sort()]).toEqual([scope, expected])
  }
})

test('each caller gets what the table says, of every procedure', async () => {
  for (const [who, caller] of Object.entries(CALLERS)) {
    const api = createCaller({ db: board.db, caller })
    for (const [scope, paths] of Object.entries(NEEDS) as [Scope, string[]][]) {
      for (const path of paths) {
        const answer = await answerOf(procedureAt(api, path))
        expect([who, path, answer]).toEqual([who, path, GETS[who]?.[scope]])
      }
    }
  }
})

test('the plain API only reads, for each caller with a scope', async () => {
  for (const [who, caller] of Object.entries(CALLERS)) {
    const api = createCallerFactory(plainRouter)({ db: board.db, caller })
    for (const path of Object.keys(plainRouter._def.procedures)) {
      const answer = await answerOf(procedureAt(api, path))
      expect([who, path, answer]).toEqual([who, path, GETS[who]?.read])
    }
  }
})

test('a refusal says which scope is missing, or why the token ended', async () => {
  const reads = createCaller({ db: board.db, caller: withScope('read') })
  await expect(reads.views.save({ name: 'a', query: '' })).rejects.toThrow(
    'views.save needs the scope write. The token "ci" has only the scope read.',
  )
  const late = createCaller({ db: board.db, caller: 'expired' })
  await expect(late.jobs.list()).rejects.toThrow('This token has expired.')
  const viewer = createCaller({ db: board.db, caller: withRole('viewer') })
  await expect(viewer.views.save({ name: 'a', query: '' })).rejects.toThrow(
    'views.save needs the role member. Ana has the role viewer. Ask an admin.',
  )
  const nobody = createCaller({ db: board.db, caller: 'signed_out' })
  await expect(nobody.jobs.list()).rejects.toThrow('Sign in, or send the token of a program')
})

test('only the secret of a token is one, and it gives the scope of the token', async () => {
  const { token, secret } = await createApiToken(board.db, { name: 'ci', scope: 'read', days: 1 })
  const { token_id } = token
  const caller = { kind: 'token', token_id, name: 'ci', scope: 'read' }
  expect(await tokenCaller(board.db, secret)).toMatchObject(caller)
  for (const text of [null, '', token_id, `${secret}x`, secret.toUpperCase()]) {
    expect(await tokenCaller(board.db, text)).toBeUndefined()
  }
})

test('every write is in the audit with what it names, and without the rest of its input', async () => {
  const { token, secret } = await createApiToken(board.db, { name: 'ci', scope: 'admin', days: 1 })
  const caller = await tokenCaller(board.db, secret)
  const api = createCaller({ db: board.db, caller })
  const job_id = await board.newJob('audited')
  await api.jobs.rename({ job_id, name: 'renamed' })
  const destination = { type: 'webhook', url: 'http://127.0.0.1:9/verySecretPart' } as const
  await api.alerts.rules.save({ project: 'asr', kinds: ['failed'], evaluations: 5, destination })
  await expect(api.jobs.rename({ job_id, name: '' })).rejects.toThrow()
  await createCaller({ db: board.db, caller: LINK }).jobs.stop({ job_id })
  await api.jobs.status({ job_id })
  const entries = await listAudit(board.db, { limit: 4 })
  const by = { caller: 'token', token_id: token.token_id, name: 'ci' }
  expect(entries).toMatchObject([
    {
      caller: 'link',
      token_id: null,
      procedure: 'jobs.stop',
      subject: { job_id },
      outcome: 'done',
    },
    { ...by, procedure: 'jobs.rename', subject: { job_id }, outcome: 'BAD_REQUEST' },
    { ...by, procedure: 'alerts.rules.save', subject: { project: 'asr' }, outcome: 'done' },
    { ...by, procedure: 'jobs.rename', subject: { job_id }, outcome: 'done' },
  ])
  expect(JSON.stringify(entries)).not.toMatch(/verySecretPart|renamed/)
})

test('every procedure that changes something is a mutation, so it is in the audit', () => {
  // Its type is that of nested routers; it has each procedure by its whole path.
  const all = Object.entries(appRouter._def.procedures as unknown as Record<string, Procedure>)
  const writes = all.filter(([, { _def }]) => _def.type === 'mutation').map(([path]) => path)
  const reads = ['access.audit', 'access.tokens', 'people.invitations', 'people.list']
  const changes = NEEDS.admin.filter((path) => !reads.includes(path))
  expect(writes.sort()).toEqual([...NEEDS.write, ...changes].sort())
})

test('what a person decides has the name of the account, whatever name is given', async () => {
  const member = createCaller({ db: board.db, caller: withRole('member') })
  const job_id = await board.newJob('decided')
  await member.policies.change({ job_id, policy: 'lowest_eval_loss', by: 'Eve' })
  expect(await member.policies.history({ job_id })).toMatchObject([{ by: 'Ana' }])
  const [entry] = await listAudit(board.db, { limit: 1 })
  expect(entry).toMatchObject({ caller: 'person', person_id: PERSON, token_id: null, name: 'Ana' })
})

test('a stream ends soon after its session ended', async () => {
  async function* endless() {
    for (let at = 0; ; at++) yield at
  }
  const reading = async () => {
    for await (const at of whileValid(board.db, withRole('admin'), endless(), 0)) {
      // No row has this session.
      expect(at).toBe(-1)
    }
  }
  await expect(reading()).rejects.toThrow('Sign in')
})

test('a stream ends soon after its token ended', async () => {
  const { token } = await createApiToken(board.db, { name: 'tv', scope: 'read', days: 1 })
  const caller: Caller = { ...withScope('read'), token_id: token.token_id }
  async function* endless() {
    for (let at = 0; ; at++) yield at
  }
  const received: number[] = []
  const reading = async () => {
    for await (const at of whileValid(board.db, caller, endless(), 0)) {
      received.push(at)
      if (at === 3) {
        await board.db.sql`
          update api_tokens set revoked_at = 0 where token_id = ${token.token_id}`
      }
    }
  }
  await expect(reading()).rejects.toThrow('This token was revoked.')
  expect(received).toEqual([0, 1, 2, 3])
})
