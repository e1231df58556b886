import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type TestDatabase, testDatabase, TestProxy } from '../testing.ts'
import { parseAddress } from './address.ts'
import { type Database, databaseAt } from './client.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db[Symbol.asyncDispose]())

/** A database that is used through one connection. */
function withOne(databaseUrl: string, name: string): Database {
  return databaseAt({ ...parseAddress(databaseUrl), application_name: name }, { connections: 1 })
}

async function connectionsOf(name: string): Promise<number> {
  const [row] = await db.sql<{ count: number }[]>`
    select count(*)::int as count from pg_stat_activity where application_name = ${name}`
  return row?.count ?? NaN
}

test('with one connection a process queries and listens on that one', async () => {
  const one = withOne(db.databaseUrl, 'only one')
  const heard: string[] = []
  await one.listen('news', { heard: (payload) => heard.push(payload) })
  await Promise.all([1, 2, 3].map(() => one.orm.transaction((tx) => tx.execute('select 1'))))
  await db.sql.notify('news', 'a')
  await vi.waitFor(() => expect(heard).toEqual(['a']))
  await db.sql.notify('other news', 'b')
  await db.sql.notify('news', 'c')
  await vi.waitFor(() => expect(heard).toEqual(['a', 'c']))
  expect(await connectionsOf('only one')).toBe(1)
  await one.close()
  await vi.waitFor(async () => expect(await connectionsOf('only one')).toBe(0))
})

test('if the only connection breaks, it listens again and says that news may be missing', async () => {
  await using proxy = await TestProxy.to(db.databaseUrl)
  const one = withOne(proxy.databaseUrl, 'broken one')
  const heard: string[] = []
  const listening = (): void => void heard.push('listens')
  await one.listen('news', { heard: (payload) => heard.push(payload), listening })
  expect(heard).toEqual(['listens'])
  proxy.cut()
  await vi.waitFor(() => expect(heard).toEqual(['listens', 'listens']))
  await db.sql.notify('news', 'later')
  await vi.waitFor(() => expect(heard).toContain('later'))
  await one.close()
})
