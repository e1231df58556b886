import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openBoard } from '../board/openBoard.ts'
import { serversMissing, type TestPostgres, TestServers } from '../testServers.ts'
import { describeAddress, parseAddress } from './address.ts'
import type { Database } from './client.ts'
import { openDatabase } from './openDatabase.ts'
import { TestProxy } from './testProxy.ts'
import { databaseFailure } from './unavailable.ts'

test('a list of servers is read as Postgres reads it, and one of them must accept writes', () => {
  const list = parseAddress('postgres://me:p%2C%40ss@a:1,[::2]:3,c/runs?sslmode=require')
  expect(list).toMatchObject({
    ...{ host: 'a', port: 1, user: 'me', password: 'p,@ss', database: 'runs', writable: true },
    others: [
      { host: '::2', port: 3 },
      { host: 'c', port: 5432 },
    ],
  })
  expect(describeAddress(list)).toBe('a:1 or ::2:3 or c:5432, database runs')
  const sockets = parseAddress('postgres:///runs?host=/run/a,/run/b&port=6000')
  expect(sockets.path).toBe('/run/a/.s.PGSQL.6000')
  expect(sockets.others).toMatchObject([{ path: '/run/b/.s.PGSQL.6000' }])
  const any = parseAddress('postgres://a,b/runs?target_session_attrs=any')
  expect(any.writable).toBeUndefined()
  expect(parseAddress('postgres://a/runs?target_session_attrs=read-write').writable).toBe(true)
  expect(parseAddress('postgres://a/runs').writable).toBeUndefined()
  for (const wrong of ['postgres://a:x,b/runs', 'postgres://a:1:2,b/runs']) {
    expect(() => parseAddress(wrong)).toThrow(TypeError)
  }
})

describe.skipIf(serversMissing())('servers that fail over', () => {
  let servers: TestServers
  let standby: TestPostgres
  beforeEach(async () => {
    servers = await TestServers.start()
    standby = await servers.standby()
  })
  afterEach(() => servers[Symbol.asyncDispose]())

  /** Both servers, the standby first. */
  const list = () => {
    return `postgres://postgres@127.0.0.1:${standby.port},127.0.0.1:${servers.primary.port}/postgres`
  }
  const open = (databaseUrl = list()) => openDatabase({ home: '/nowhere', databaseUrl })

  async function portOf({ sql }: Database): Promise<string> {
    const [row] = await sql<{ port: string }[]>`select current_setting('port') as port`
    return row?.port ?? ''
  }

  test('the server that accepts writes is used, wherever it is in the list', async () => {
    const db = await open()
    const ports = await Promise.all(Array.from({ length: 15 }, () => portOf(db)))
    expect(new Set(ports)).toEqual(new Set([String(servers.primary.port)]))
    await db.close()
  })

  test('after a promotion queries, writes and listening go on at the new server', async () => {
    const db = await openBoard({ BESTMARK_HOME: '/nowhere', DATABASE_URL: list() })
    const listener = {
      again: Promise.withResolvers<void>(),
      heard: Promise.withResolvers<string>(),
    }
    let times = 0
    const listening = () => void (++times === 2 && listener.again.resolve())
    await db.listen('news', { heard: listener.heard.resolve, listening })
    await db.sql`create table kept as select 1 as one`
    await expect.poll(() => standby.hasAllOf(servers.primary)).toBe(true)
    await servers.primary.kill()
    const error: unknown = await db.sql`select 1`.catch((reason: unknown) => reason)
    expect(databaseFailure(error)).toBe('away')
    await standby.run('select pg_promote()')
    await expect.poll(() => portOf(db).catch(() => 'away')).toBe(String(standby.port))
    await db.sql`insert into kept values (2)`
    await listener.again.promise
    await db.notify('news', 'promoted')
    expect(await listener.heard.promise).toBe('promoted')
    await db.close()
  })

  test('where no server accepts writes the database is away, and the error says so', async () => {
    await servers.primary.kill()
    const opening = open()
    await expect(opening).rejects.toThrow('accepts no writes')
    expect(databaseFailure(await opening.catch((reason: unknown) => reason))).toBe('away')
  })

  test('a user that the servers refuse is named, not that a server is missing', async () => {
    await servers.primary.run(`create role late login`)
    const databaseUrl = list().replace('postgres@', 'nobody@')
    await expect(open(databaseUrl)).rejects.toThrow(/refused the user or password of DATABASE_URL/)
  })

  test('an error names the variable that the address is from', async () => {
    const databaseUrl = list().replace('postgres@', 'nobody@')
    const opening = openDatabase({ home: '/nowhere', databaseUrl, variable: 'DATABASE_READ_URL' })
    await expect(opening).rejects.toThrow('password of DATABASE_READ_URL')
    const wrong = openDatabase({
      home: '/nowhere',
      databaseUrl: 'x',
      variable: 'DATABASE_READ_URL',
    })
    await expect(wrong).rejects.toThrow('DATABASE_READ_URL is not a Postgres address')
  })

  test('an old primary that hangs is left once another server accepts writes', async () => {
    await using proxy = await TestProxy.to(servers.primary.url())
    const db = await openDatabase({
      home: '/nowhere',
      databaseUrl: proxy.databaseUrl.replace(/\/postgres$/, `,127.0.0.1:${standby.port}/postgres`),
      limits: { statement: 30_000, answer: 35_000, silence: 500, pulse: 500 },
    })
    expect(await portOf(db)).toBe(String(servers.primary.port))
    proxy.hang()
    await standby.run('select pg_promote()')
    await expect.poll(() => portOf(db).catch(() => 'away')).toBe(String(standby.port))
    await db.close()
  })
})
