import { randomUUID } from 'node:crypto'
import { type Database, openBoard, Replica } from '@bestmark/db'
import { serversMissing, type TestPostgres, TestServers } from '@bestmark/db/testing'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { LINK } from './caller.ts'
import { appRouter, createCaller } from './root.ts'
import { type JournalLine, newJob, recordLines } from './testing.ts'

const RUN: readonly JournalLine[] = [
  { type: 'started', total_steps: 300 },
  ...[100, 200, 300].flatMap((step): JournalLine[] => [
    { type: 'metrics', step, values: { loss: 2 } },
    { type: 'evaluation', step, values: { eval_loss: step === 200 ? 1 : 2, eval_f1: 1 / step } },
    { type: 'checkpoint', step, path: `out/checkpoint-${step}`, files_state: 'complete' },
  ]),
  { type: 'sample', step: 200, kind: 'image', path: 'out/sample/200.png' },
  { type: 'log', level: 'info', text: 'epoch 1' },
  { type: 'ended', status: 'completed' },
]

describe.skipIf(serversMissing())('with a replica', () => {
  let servers: TestServers
  let standby: TestPostgres
  let db: Database
  let replica: Replica
  const errors: unknown[] = []
  beforeAll(async () => {
    servers = await TestServers.start()
    standby = await servers.standby()
    db = await openBoard({ BESTMARK_HOME: '/nowhere', DATABASE_URL: servers.primary.url() })
    // Until then the replica has no tables, and says so.
    await vi.waitFor(async () => expect(await standby.hasAllOf(servers.primary)).toBe(true), 30_000)
    const options = { home: '/nowhere', databaseUrl: standby.url() }
    // A replica that failed is asked again at once.
    const pace = { again: 0, check: 60_000, stale: 60_000, patience: 60_000 }
    replica = new Replica(db, options, (error) => errors.push(error), pace)
  })
  afterAll(async () => {
    await replica.close()
    await db.close()
    await servers[Symbol.asyncDispose]()
  })

  const isRead = () => expect.poll(async () => (await replica.reader()) !== undefined).toBe(true)

  /** A database that refuses to be asked, in the place of the primary. */
  const closed = (): Database => ({
    ...db,
    whileAnswering: () => Promise.reject(new Error('the primary was asked')),
  })

  /** Every procedure that only reads, about one run. A new one must be added here. */
  const readsOf = (
    api: ReturnType<typeof createCaller>,
    job_id: string,
    checkpoint_id: string,
  ) => ({
    'access.audit': () => api.access.audit(),
    'access.tokens': () => api.access.tokens(),
    'alerts.list': () => api.alerts.list(),
    'alerts.rules.list': () => api.alerts.rules.list(),
    'backtest.run': () => api.backtest.run({ target: 'eval_f1' }),
    'backtest.targets': () => api.backtest.targets(),
    'checkpoints.explain': () => api.checkpoints.explain({ job_id }),
    'checkpoints.list': () => api.checkpoints.list({ job_id }),
    'checkpoints.marks': () => api.checkpoints.marks({ job_id, from_step: 0, to_step: 1_000 }),
    'deployments.advice': () => api.deployments.advice({ job_id, checkpoint_id }),
    'deployments.conditions': () =>
      api.deployments.conditions({ job_id, checkpoint_id, model_name: 'moby' }),
    'deployments.list': () => api.deployments.list(),
    'hosts.fullDisks': () => api.hosts.fullDisks(),
    'hosts.targets': () => api.hosts.targets(),
    'jobs.columns': () => api.jobs.columns({ job_ids: [job_id] }),
    'jobs.compare': () => api.jobs.compare({ job_ids: [job_id] }),
    'jobs.detail': () => api.jobs.detail({ job_id }),
    'jobs.examples': () => api.jobs.examples(),
    'jobs.history': () => api.jobs.history({ job_id }),
    'jobs.lastTraceback': () => api.jobs.lastTraceback({ job_id }),
    'jobs.list': () => api.jobs.list(),
    'jobs.logs': () => api.jobs.logs({ job_id }),
    'jobs.status': () => api.jobs.status({ job_id }),
    'models.get': () => api.models.get({ model_name: 'moby' }),
    'models.list': () => api.models.list(),
    'people.invitations': () => api.people.invitations(),
    'people.list': () => api.people.list(),
    'policies.history': () => api.policies.history({ job_id }),
    'recipes.list': () => api.recipes.list(),
    'recipes.ofJob': () => api.recipes.ofJob({ job_id }),
    'recipes.orders': () => api.recipes.orders(),
    'samples.content': () => api.samples.content({ job_id, sample_id: randomUUID() }),
    'samples.list': () => api.samples.list({ job_id }),
    'samples.pair': () => api.samples.pair({ job_id }),
    'series.names': () => api.series.names({ job_id }),
    'series.read': () => api.series.read({ job_id, names: ['loss'] }),
    'views.list': () => api.views.list(),
  })

  test('it answers every query, and what the primary would', async () => {
    const job_id = await newJob(db)
    await recordLines(db, job_id, RUN)
    const primary = createCaller({ db, caller: LINK })
    const { best_checkpoint_id } = await primary.jobs.status({ job_id })
    replica.wrote()
    await isRead()
    const reader = createCaller({ db: closed(), replica, caller: LINK })
    const expected = readsOf(primary, job_id, best_checkpoint_id ?? '')
    const reads = readsOf(reader, job_id, best_checkpoint_id ?? '')
    const queries = Object.entries(appRouter._def.procedures)
      .filter(([, procedure]) => (procedure as unknown as Procedure)._def.type === 'query')
      .map(([name]) => name)
    expect(Object.keys(reads).sort()).toEqual(queries.sort())
    for (const [name, read] of Object.entries(reads)) {
      const [now, before] = [await read(), await expected[name as keyof typeof expected]()]
      expect([name, timeless(now)]).toEqual([name, timeless(before)])
    }
    expect(errors).toEqual([])
  })

  test('a caller reads what it wrote, also while the replica is behind', async () => {
    const job_id = await newJob(db)
    const api = createCaller({ db, replica, caller: LINK })
    await isRead()
    await standby.run('select pg_wal_replay_pause()')
    await api.jobs.rename({ job_id, name: 'ahab' })
    expect(await api.jobs.status({ job_id })).toMatchObject({ name: 'ahab' })
    await standby.run('select pg_wal_replay_resume()')
    await isRead()
  })

  test('a job that has not arrived yet is read from the primary', async () => {
    await isRead()
    await standby.run('select pg_wal_replay_pause()')
    const job_id = await newJob(db)
    const api = createCaller({ db, replica, caller: LINK })
    expect(await api.jobs.status({ job_id })).toMatchObject({ job_id })
    await standby.run('select pg_wal_replay_resume()')
  })

  test('a subscription follows the replica, and hears of each write', async () => {
    const job_id = await newJob(db)
    replica.wrote()
    await isRead()
    const api = createCaller({ db, replica, caller: LINK })
    const news = (await api.watch({ jobs: [job_id] }))[Symbol.asyncIterator]()
    await news.next()
    const next = news.next()
    await recordLines(db, job_id, RUN)
    expect(JSON.stringify((await next).value)).toContain(job_id)
    await news.return?.()
  })

  test('where the replica is away, the primary answers at once', async () => {
    await isRead()
    const job_id = await newJob(db)
    await standby.kill()
    const api = createCaller({ db, replica, caller: LINK })
    expect(await api.jobs.status({ job_id })).toMatchObject({ job_id })
    expect(errors).not.toEqual([])
    await standby.start()
    await isRead()
  })
})

interface Procedure {
  _def: { type: string }
}

/** An answer without the times at which it was given. */
function timeless(answer: unknown): unknown {
  return JSON.parse(
    JSON.stringify(answer, (key, value: unknown) =>
      key === 'now' || key === 'eta_seconds' ? null : value,
    ) ?? 'null',
  )
}
