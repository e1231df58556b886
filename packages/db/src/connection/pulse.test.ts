import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { parseAddress } from './address.ts'
import { databaseAt } from './client.ts'
import { migrate } from './migrate.ts'
import { testDatabase, type TestDatabase } from '../testing.ts'
import { databaseFailure } from './unavailable.ts'
import { type Limits, WORK } from './limits.ts'
import { ServerSilent } from './pulse.ts'
import { TestProxy } from './testProxy.ts'

let db: TestDatabase
let proxy: TestProxy
beforeAll(async () => {
  db = await testDatabase()
  proxy = await TestProxy.to(db.databaseUrl)
})
afterEach(() => proxy.recover())
afterAll(async () => {
  await proxy[Symbol.asyncDispose]()
  await db[Symbol.asyncDispose]()
})

/** The server is checked soon, so that a silent one is found soon. */
const SOON = { ...WORK, silence: 200, pulse: 1_000 }

const through = (limits: Partial<Limits> = {}) =>
  databaseAt(parseAddress(proxy.databaseUrl), { limits: { ...SOON, ...limits } })
/** A server that was found silent is asked again a second later. */
const answered = <T>(work: () => Promise<T>) =>
  expect.poll(() => work().catch(databaseFailure), { timeout: 30_000 })
const failure = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  )

test('if a server stops answering, every query fails, also one that waits for a connection', async () => {
  const away = through()
  await away.sql`select 1`
  proxy.hang()
  const queries = Array.from({ length: 40 }, () => failure(away.sql`select 1`))
  const errors = await Promise.all(queries)
  expect(errors.map(databaseFailure)).toEqual(errors.map(() => 'away'))
  proxy.recover()
  await answered(() => away.sql`select 1 as one`).toEqual([{ one: 1 }])
  await away.close()
})

test('a transaction whose server stops answering fails, and writes nothing', async () => {
  const away = through()
  const writing = away.sql.begin(async (tx) => {
    await tx`create table half (id int)`
    proxy.hang()
    await tx`insert into half values (1)`
  })
  expect(databaseFailure(await failure(writing))).toBe('away')
  proxy.recover()
  await answered(() => away.sql`select to_regclass('half') as half`).toEqual([{ half: null }])
  await away.close()
})

test('a long query is not cancelled while the server answers other queries', async () => {
  const open = through()
  expect(await open.sql`select 1 as one from pg_sleep(1)`).toEqual([{ one: 1 }])
  await open.close()
})

test('a statement that reaches its limit is cancelled by the server, but a migration has none', async () => {
  const hasty = through({ statement: 50 })
  expect(databaseFailure(await failure(hasty.sql`select pg_sleep(60)`))).toBe('slow')
  await migrate(hasty)
  await hasty.sql.begin(async (tx) => {
    await tx`set local statement_timeout = 0`
    await tx`select pg_sleep(0.2)`
  })
  await hasty.close()
})

test('a query beyond the limit of a page fails, even if the server answers other queries', async () => {
  const page = through({ statement: 0, answer: 600 })
  expect(databaseFailure(await failure(page.sql`select pg_sleep(60)`))).toBe('away')
  await page.close()
})

test('work fails as soon as its server is silent, and succeeds when the server answers again', async () => {
  const away = through()
  await away.sql`select 1`
  proxy.hang()
  const waiting = away.whileAnswering(() =>
    Promise.all([away.sql`select 1`, new Promise(() => {})]),
  )
  await expect(waiting).rejects.toThrow(ServerSilent)
  await expect(away.whileAnswering(async () => 1)).rejects.toThrow(ServerSilent)
  proxy.recover()
  await answered(() => away.whileAnswering(async () => 1)).toBe(1)
  await away.close()
})

test('a client of a silent server closes within a limited time', async () => {
  const away = through()
  await away.sql`select 1`
  proxy.hang()
  const failed = failure(away.sql`select 1`)
  await away.close()
  expect(databaseFailure(await failed)).toBe('away')
})
