import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { findJobs, readSeries } from '@bestmark/db'
import { testDatabase, TestProxy, type TestDatabase } from '@bestmark/db/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { BESTMARK, eventually, temporaryFolder } from '../../testing.ts'
import { command } from '../testing.ts'

let db: TestDatabase
/** An empty folder, which `bestmark run` searches. */
let cwd: string
let folder: Awaited<ReturnType<typeof temporaryFolder>>
beforeAll(async () => {
  db = await testDatabase()
  folder = await temporaryFolder()
  await writeFile(join(folder.path, 'steps.mjs'), STEPS)
  cwd = join(folder.path, 'caller')
  await mkdir(cwd)
})
afterAll(async () => {
  await db[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

/** Six steps. Before the fourth it may wait for a file. After a signal it exits with 9. */
const STEPS = `
import { existsSync } from 'node:fs'
const [code, go] = process.argv.slice(2)
process.on('SIGTERM', () => process.exit(9)).on('SIGINT', () => process.exit(9))
for (let step = 1; step <= 6; step++) {
  if (step === 4 && go) while (!existsSync(go)) await new Promise((next) => setTimeout(next, 20))
  console.log(JSON.stringify({ step, loss: 1 / step }))
}
process.exit(Number(code))
`
const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1)

interface Program {
  name: string
  databaseUrl: string
  /** It waits before its fourth step until \`goOn\`. */
  waits?: boolean
}

/** A run of the program, which exits with 7, with a database address. */
function start({ name, databaseUrl, waits = false }: Program) {
  const root = join(folder.path, name)
  const go = join(folder.path, `${name}.go`)
  const env = { BESTMARK_HOME: join(folder.path, 'home'), DATABASE_URL: databaseUrl }
  const words = ['run', '--name', name, '--project', 'away', '--folder', root, '--', 'node']
  const program = [join(folder.path, 'steps.mjs'), '7', ...(waits ? [go] : [])]
  const child = spawn(BESTMARK, [...words, ...program], { cwd, env: { ...process.env, ...env } })
  const ended = once(child, 'exit').then(([code, signal]: unknown[]) => code ?? signal)
  const outcome = Promise.all([ended, text(child.stdout), text(child.stderr)])
  let printed = ''
  child.stdout.on('data', (bytes: Buffer) => (printed += bytes.toString()))
  return {
    child,
    end: () => outcome.then(([code, stdout, stderr]) => ({ code, stdout, stderr })),
    printed: (part: string) => eventually(async () => printed.includes(part) || undefined),
    goOn: () => writeFile(go, ''),
    later: () => command(['import', root], { env: { ...env, DATABASE_URL: db.databaseUrl } }),
  }
}

async function stepsOf(name: string) {
  const [job] = await findJobs(db, name)
  if (!job) return undefined
  const [loss] = await readSeries(db, job.job_id, { names: ['loss'], points: 100 })
  return { project: job.project, status: job.status, steps: [...(loss?.steps ?? [])] }
}
const WHOLE = { project: 'away', status: 'failed', steps: upTo(6) }

async function expectLater(running: ReturnType<typeof start>, name: string): Promise<void> {
  const { code, stdout, stderr } = await running.end()
  expect({ code, stderr }).toEqual({ code: 7, stderr: expect.any(String) })
  expect(stdout).toContain('"step":6')
  expect(stderr).toContain(`bestmark import ${join(folder.path, name)}`)
  expect(stderr).not.toMatch(/\n\s+at /)
  expect((await running.later()).code).toBe(0)
  expect(await stepsOf(name)).toEqual(WHOLE)
}

test.concurrent(
  'without a database the program runs to its exit code, and a later import is the same job',
  async () => {
    await expectLater(
      start({ name: 'nobody', databaseUrl: 'postgres://me@127.0.0.1:1/none' }),
      'nobody',
    )
  },
)

test.concurrent(
  'a program runs while its database accepts connections and never answers, and is recorded once it does',
  async () => {
    await using proxy = await TestProxy.to(db.databaseUrl)
    proxy.hang()
    const { databaseUrl } = proxy
    const silent = start({ name: 'silent', databaseUrl })
    const back = start({ name: 'back', databaseUrl, waits: true })
    await expectLater(silent, 'silent')
    await back.printed('"step":3')
    proxy.recover()
    await eventually(async () => (await stepsOf('back'))?.steps.length === 3 || undefined)
    await back.goOn()
    expect((await back.end()).code).toBe(7)
    expect(await stepsOf('back')).toEqual(WHOLE)
  },
)

test.concurrent(
  'a database that stops answering while a program trains does not change how the command ends',
  async () => {
    await using proxy = await TestProxy.to(db.databaseUrl)
    const running = start({ name: 'gone', databaseUrl: proxy.databaseUrl, waits: true })
    await eventually(async () => (await stepsOf('gone'))?.steps.length === 3 || undefined)
    proxy.hang()
    await running.goOn()
    await expectLater(running, 'gone')
  },
)

test("a signal ends the command soon with its program's exit code, even if the database is silent", async () => {
  await using proxy = await TestProxy.to(db.databaseUrl)
  const running = start({ name: 'signal', databaseUrl: proxy.databaseUrl, waits: true })
  await eventually(async () => (await stepsOf('signal'))?.steps.length === 3 || undefined)
  proxy.hang()
  const since = performance.now()
  running.child.kill('SIGINT')
  expect((await running.end()).code).toBe(9)
  // The limit is 5 s. Without a signal the command would try for more than 10 s.
  expect(performance.now() - since).toBeLessThan(10_000)
})

test('a program runs also if the database is read-only or has no free connection', async () => {
  const name = db.sql.options.database
  await db.sql.unsafe(`alter database ${name} set default_transaction_read_only = on`)
  const readOnly = start({ name: 'read-only', databaseUrl: db.databaseUrl })
  const { code, stderr } = await readOnly.end()
  expect({ code, stderr }).toEqual({ code: 7, stderr: expect.stringContaining('bestmark import') })
  await db.sql.unsafe(`alter database ${name} set default_transaction_read_only = off`)
  expect((await readOnly.later()).code).toBe(0)
  expect(await stepsOf('read-only')).toEqual(WHOLE)

  const role = `full_${name}`
  await db.sql.unsafe(`create role ${role} login connection limit 0`)
  const databaseUrl = db.databaseUrl.replace(/\/\/[^@]*@/, `//${role}@`)
  await expectLater(start({ name: 'full', databaseUrl }), 'full')
  await db.sql.unsafe(`drop role ${role}`)
})
