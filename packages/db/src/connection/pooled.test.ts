import { randomUUID } from 'node:crypto'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openBoard } from '../board/openBoard.ts'
import { compactBoard } from '../retention/boardSpace.ts'
import { audienceOf } from '../watch/audience.ts'
import { PAGES } from './limits.ts'
import { openDatabase } from './openDatabase.ts'
import { databaseFailure, DatabaseUnavailable } from './unavailable.ts'
import { serversMissing, TestServers, type TestPool } from '../testServers.ts'

describe.skipIf(serversMissing())('behind pgbouncer in transaction mode', () => {
  let servers: TestServers
  let pool: TestPool
  beforeAll(async () => {
    servers = await TestServers.start()
    // With few connections, clients use those of each other at once.
    pool = await servers.pool(servers.primary, 2)
  })
  afterAll(() => servers[Symbol.asyncDispose]())

  const envWith = (more: Record<string, string> = {}) => {
    return { BESTMARK_HOME: '/nowhere', DATABASE_URL: pool.url(), ...more }
  }
  const direct = () => ({ DATABASE_LISTEN_URL: servers.primary.url() })

  test('the address says that a pool is there, and a server is none', async () => {
    const pooled = await openBoard(envWith())
    expect(pooled.describe).toMatch(/^Postgres \d+\.\d+ at 127.*, through a pool$/)
    await pooled.close()
    const plain = await openDatabase({ home: '/nowhere', databaseUrl: servers.primary.url() })
    expect(plain.describe).not.toContain('pool')
    await plain.close()
  })

  test('a server itself gets the limits of each session, with the first connection too', async () => {
    const databaseUrl = servers.primary.url()
    const db = await openDatabase({ home: '/nowhere', databaseUrl, limits: PAGES })
    const limits = await Promise.all(
      Array.from(
        { length: 20 },
        () => db.sql`
        select current_setting('statement_timeout') as now, pg_sleep(0.01)`,
      ),
    )
    expect(new Set(limits.map(([row]) => row?.['now']))).toEqual(new Set(['30s']))
    await db.close()
  })

  test('no option of a session reaches the connections of others', async () => {
    const [work, pages] = await Promise.all([openBoard(envWith()), openBoard(envWith(), PAGES)])
    const other = postgres(pool.url(), { max: 5, prepare: false })
    const limits = await Promise.all(
      Array.from(
        { length: 10 },
        () => other`
        select current_setting('statement_timeout') as statement,
               current_setting('idle_in_transaction_session_timeout') as idle, pg_sleep(0.01)`,
      ),
    )
    const found = new Set(limits.map(([row]) => `${row?.['statement']} ${row?.['idle']}`))
    // Those of the pool, which differ from those of every session of ours.
    expect(found).toEqual(new Set(['9min 50s']))
    await Promise.all([other.end(), work.close(), pages.close()])
  })

  test('queries with parameters work on any connection, and none keeps a statement', async () => {
    const open = await Promise.all([openBoard(envWith()), openBoard(envWith())])
    const answers = Array.from({ length: 200 }, async (_, number) => {
      const { sql } = open[number % 2]!
      const [row] = await sql<{ number: number }[]>`select ${number}::int4 as number`
      return row?.number
    })
    expect(await Promise.all(answers)).toEqual(Array.from({ length: 200 }, (_, number) => number))
    const kept = await Promise.all(
      Array.from(
        { length: 10 },
        () => open[0].sql`
        select count(*)::int4 as statements, pg_sleep(0.01) from pg_prepared_statements`,
      ),
    )
    expect(new Set(kept.map(([row]) => row?.['statements']))).toEqual(new Set([0]))
    await Promise.all(open.map((db) => db.close()))
  })

  test('notifications arrive at the direct address', async () => {
    const db = await openBoard(envWith(direct()))
    expect(db.isNotified).toBe(true)
    const heard = Promise.withResolvers<string>()
    await db.listen('news', { heard: heard.resolve })
    await db.notify('news', 'a')
    expect(await heard.promise).toBe('a')
    await db.close()
  })

  test('without a direct address nothing listens, listeners look for themselves, and every job counts as followed', async () => {
    const db = await openBoard(envWith())
    expect(db.isNotified).toBe(false)
    const looks = { count: 0, twice: Promise.withResolvers<void>() }
    const listening = () => void (++looks.count === 2 && looks.twice.resolve())
    await db.listen('news', { heard: () => undefined, listening })
    expect(looks.count).toBe(1)
    await looks.twice.promise
    const plain = postgres(servers.primary.url(), { max: 1 })
    const [row] = await plain<{ count: number }[]>`
      select count(*)::int as count from pg_stat_activity where query ilike 'listen %'
        and datname = current_database()`
    expect(row?.count).toBe(0)
    const audience = audienceOf(db)
    audience.isFollowed(randomUUID())
    expect(audience.isFollowed(randomUUID())).toBe(true)
    await Promise.all([plain.end(), db.close()])
  })

  test('a pool as the direct address is refused, and the error says what to set', async () => {
    const db = await openBoard(envWith({ DATABASE_LISTEN_URL: pool.url() }))
    const listening = db.listen('news', { heard: () => undefined })
    await expect(listening).rejects.toThrow(/DATABASE_LISTEN_URL leads to a pool/)
    await expect(listening).rejects.toBeInstanceOf(DatabaseUnavailable)
    await db.close()
  })

  test('what needs a session of its own uses the direct address, or says what to set', async () => {
    const pooled = await openBoard(envWith())
    await expect(compactBoard(pooled)).rejects.toThrow(/Set DATABASE_LISTEN_URL/)
    await pooled.close()
    const both = await openBoard(envWith(direct()))
    await compactBoard(both)
    await both.close()
  })

  test('a pool whose server is away counts as away', async () => {
    const db = await openBoard(envWith(direct()))
    await servers.primary.kill()
    const error: unknown = await db.sql`select 1`.catch((reason: unknown) => reason)
    expect(databaseFailure(error)).toBe('away')
    await servers.primary.start()
    await expect
      .poll(() =>
        db.sql`select 1`.then(
          () => 'back',
          () => 'away',
        ),
      )
      .toBe('back')
    await db.close()
  })
})
