import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { clientOptions, parseAddress, describeAddress } from './address.ts'
import { connectTo } from './client.ts'
import { openDatabase } from './openDatabase.ts'
import { WORK } from './limits.ts'
import { testDatabase } from '../testing.ts'
import { DatabaseUnavailable } from './unavailable.ts'

const home = join(tmpdir(), 'bestmark-never-made')

/** The error that opening gives; it must be one sentence or two, on one line, without the password. */
async function refusal(databaseUrl: string): Promise<string> {
  const error: unknown = await openDatabase({ home, databaseUrl }).then(
    () => 'it was opened',
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(DatabaseUnavailable)
  const { message, stack, cause } = error as DatabaseUnavailable
  expect(message).not.toContain('\n')
  expect(`${message} ${stack} ${String(cause)}`).not.toContain('s3cret')
  return message
}

test('an address is read as Postgres reads it, sockets and passwords included', () => {
  const socket = { path: '/run/pg/.s.PGSQL.5433', database: 'runs' }
  expect(parseAddress('postgres:///runs?host=/run/pg&port=5433')).toMatchObject(socket)
  expect(parseAddress('postgresql://me@%2Frun%2Fpg:5433/runs')).toMatchObject({
    ...socket,
    user: 'me',
  })
  expect(parseAddress('postgres://me:p%40ss@db.example:6000/runs?sslmode=require')).toMatchObject({
    host: 'db.example',
    port: 6000,
    user: 'me',
    password: 'p@ss',
    ssl: 'require',
    path: undefined,
  })
  expect(parseAddress('postgres://me@[::1]/')).toMatchObject({ host: '::1', database: 'me' })
  expect(describeAddress(parseAddress('postgres://me:s3cret@h/d'))).toBe('h:5432, database d')
  for (const wrong of ['', 'runs', 'mysql://h/d', 'http://h']) {
    expect(() => parseAddress(wrong)).toThrow(TypeError)
  }
})

test('an invalid address is refused with a message', async () => {
  expect(await refusal('mysql://me:s3cret@h/d')).toContain('DATABASE_URL is not a Postgres address')
})

test('if no server listens, the error is one clear sentence', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  const gone = await refusal(`postgres://me:s3cret@127.0.0.1:${port}/d`)
  expect(gone).toBe(
    `No Postgres listens at 127.0.0.1:${port}, database d. Start it, or set DATABASE_URL to its address.`,
  )
  expect(await refusal('postgres://me:s3cret@nowhere.invalid/d')).toContain('nowhere.invalid')
  expect(await refusal(`postgres:///d?host=${home}`)).toContain(`${home}/.s.PGSQL.5432`)
})

test('opening a server that never answers fails after a limited time', async () => {
  const silent = createServer().listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const { port } = silent.address() as AddressInfo
  expect(await refusal(`postgres://me:s3cret@127.0.0.1:${port}/d`)).toContain('did not answer')
  silent.close()
})

test('opening a server that closes every connection fails after a limited time', async () => {
  const rude = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1')
  await once(rude, 'listening')
  const { port } = rude.address() as AddressInfo
  await refusal(`postgres://me:s3cret@127.0.0.1:${port}/d`)
  rude.close()
})

test('if the server has no such database, the error names the database', async () => {
  await using db = await testDatabase()
  const url = db.databaseUrl.replace(/test_[0-9a-f]+/, 'not_made')
  expect(await refusal(url)).toContain('has no database not_made')
})

test('an opened database has its address, and its numbers are numbers', async () => {
  await using db = await testDatabase()
  const opened = await openDatabase({ home, databaseUrl: db.databaseUrl })
  expect(opened.describe).toMatch(/^Postgres \d+(\.\d+)+ at .*, database test_/)
  const [row] = await opened.sql`
    select 9007199254740991::bigint as large, 'NaN'::float8 as nan, '-Infinity'::float8 as low`
  expect(row).toEqual({ large: 9_007_199_254_740_991, nan: NaN, low: -Infinity })
  await opened.close()
})

test('a pool works again after its server was away', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bestmark-away-'))
  const address = parseAddress(`postgres:///d?host=${folder}`)
  const sql = connectTo(address)
  // More failures than the pool has connections: each of them must be given back.
  for (let tries = 0; tries < 25; tries++) await expect(sql`select 1`).rejects.toThrow()
  await sql.end({ timeout: 1 })
  await rm(folder, { recursive: true })
  expect(clientOptions(address).path).toBe(join(folder, '.s.PGSQL.5432'))
})

test('every connection has its time limits, also after a reconnect', async () => {
  await using db = await testDatabase()
  const sql = connectTo(parseAddress(db.databaseUrl), { ...WORK, statement: 4_321 })
  const limits = () => sql<{ statement: string; idle: string; pid: number }[]>`
    select current_setting('statement_timeout') as statement, pg_backend_pid() as pid,
           current_setting('idle_in_transaction_session_timeout') as idle, pg_sleep(0.05)`
  const before = (await Promise.all([limits(), limits(), limits()])).flat()
  expect(new Set(before.map(({ pid }) => pid)).size).toBe(3)
  for (const { pid } of before) await db.sql`select pg_terminate_backend(${pid}::int)`
  await expect
    .poll(() =>
      limits()
        .then(([row]) => row?.pid)
        .catch(() => 0),
    )
    .toBeGreaterThan(0)
  const after = (await Promise.all([limits(), limits()])).flat()
  for (const row of [...before, ...after]) {
    expect(row).toMatchObject({ statement: '4321ms', idle: '1min' })
  }
  expect(await sql.begin((tx) => tx`select 1 as one`)).toMatchObject([{ one: 1 }])
  await sql.end()
})

test('a login sets no parameter that a pooler refuses', async () => {
  const logins: Buffer[] = []
  const server = createServer((socket) => {
    socket.once('data', (login) => {
      logins.push(login)
      socket.destroy()
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await refusal(`postgres://me@127.0.0.1:${port}/d`)
  server.close()
  // A length and a version, then names and values in turn.
  const words = logins[0]?.subarray(8).toString().split('\0') ?? []
  const names = words.filter((word, index) => index % 2 === 0 && word !== '')
  expect(names.toSorted()).toEqual(['application_name', 'client_encoding', 'database', 'user'])
})
