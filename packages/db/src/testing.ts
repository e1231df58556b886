import { drizzle } from 'drizzle-orm/postgres-js'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { connectTo, type Database, databaseAt } from './connection/client.ts'
import { type Address, parseAddress } from './connection/address.ts'
import { joinEmbedded, stopEmbedded } from './connection/embedded/embedded.ts'
import { addressOf, postmasterPid } from './connection/embedded/server.ts'
import { findServerPaths as placeOfHome } from './connection/embedded/start.ts'
import { migrate } from './connection/migrate.ts'
import * as schema from './schema.ts'
import { type DatabaseKind, makeCitusDatabase } from './testCitus.ts'
import { Statements } from './testStatements.ts'

export type { DatabaseKind } from './testCitus.ts'
export { TestProxy } from './connection/testProxy.ts'
export { serversMissing, type TestPostgres, TestServers } from './testServers.ts'
export { readStoredRows, type StoredRows } from './testRows.ts'

/** The name of the environment variable with the database that new ones are copied from. */
export const TEMPLATE = 'BESTMARK_TEST_TEMPLATE'

export interface TestDatabase extends Database, AsyncDisposable {
  /** For another process that opens the same database. */
  databaseUrl: string
}

/** The database of one test file. */
export interface NewDatabase {
  address: Address
  databaseUrl: string
  /** Drops it, even if somebody still uses it. */
  drop: () => Promise<void>
}

/**
 * Makes a database on the server of TEST_DATABASE_URL, otherwise on an embedded one that all test
 * files share. A migrated one is a copy of the template of `testServer.ts`, if that exists. With
 * TEST_CITUS_URL it is on that coordinator.
 */
export async function newDatabase(kind: DatabaseKind = 'board'): Promise<NewDatabase> {
  const name = `test_${randomUUID().replaceAll('-', '')}`
  const citus = process.env['TEST_CITUS_URL']
  if (citus) {
    const { address, drop } = await makeCitusDatabase(parseAddress(citus), name, kind)
    return { address, databaseUrl: urlOf(address), drop }
  }
  const server = await testServer()
  const admin = connectTo(server.address)
  const address = { ...server.address, database: name }
  const template = process.env[TEMPLATE]
  // A copy of the files takes a third of the time that a copy through the log takes.
  if (kind !== 'empty' && template)
    await admin.unsafe(`create database ${name} template ${template} strategy file_copy`)
  else {
    await admin.unsafe(`create database ${name}`)
    if (kind !== 'empty') await migrateAt(address)
  }
  const drop = async (): Promise<void> => {
    await admin.unsafe(`drop database if exists ${name} with (force)`)
    await admin.end({ timeout: 2 })
    await server.leave()
  }
  return { address, databaseUrl: urlOf(throughPool(address)), drop }
}

async function migrateAt(address: Address): Promise<void> {
  const db = databaseAt(address)
  await migrate(db)
  await db.close()
}

/**
 * A fresh database for one test file. Its end fails if a statement about jobs could not run on
 * several servers. Dispose of it after the tests: `afterAll(() =>
 * db[Symbol.asyncDispose]())`.
 */
export async function testDatabase(
  kind?: DatabaseKind,
): Promise<TestDatabase & { statements: Statements }> {
  const { address, databaseUrl, drop } = await newDatabase(kind)
  const db = databaseAt(address)
  const statements = new Statements()
  const orm = drizzle(db.sql, { schema, logger: statements })
  const dispose = async (): Promise<void> => {
    await db.close()
    await drop()
    statements.assertAllowed()
  }
  return { ...db, orm, databaseUrl, statements, [Symbol.asyncDispose]: dispose }
}

/** A database that several test files use in turn. */
export interface SharedTestDatabase extends TestDatabase {
  /** Removes what an earlier file left. What the migrations wrote stays. */
  empty: () => Promise<void>
}

/** Opens a database of `newDatabase` in another process. Disposing of it only closes connections. */
export function openTestDatabase(databaseUrl: string): SharedTestDatabase {
  const address = parseAddress(databaseUrl)
  const db = databaseAt(address)
  const empty = async (): Promise<void> => {
    const admin = connectTo(address)
    await admin.begin(async (sql) => {
      // The ledger refuses to be emptied.
      await sql`set local session_replication_role = replica`
      const tables = await sql<{ name: string }[]>`
        select format('%I', tablename) as name from pg_tables
        where schemaname = 'public' and tablename not in ('board', 'migrations')`
      await sql.unsafe(`truncate ${tables.map(({ name }) => name).join()}`)
      await sql`update board set keep_points_days = null`
    })
    await admin.end()
  }
  return { ...db, databaseUrl, empty, [Symbol.asyncDispose]: () => db.close() }
}

/** The embedded server of a data folder, for tests that harm it. */
export interface EmbeddedServer {
  /** Undefined if none runs. */
  pid: number | undefined
  socket: string
  /** The same database through another socket folder. */
  urlThrough: (folder: string) => string
}

/** Inspects the embedded server of a data folder, and starts nothing. */
export async function embeddedServer(home: string): Promise<EmbeddedServer> {
  const paths = await placeOfHome(home)
  const urlThrough = (folder: string): string => {
    return urlOf({ ...addressOf(paths), host: folder, path: join(folder, '.s.PGSQL.5432') })
  }
  return { pid: await postmasterPid(paths), socket: paths.socket, urlThrough }
}

async function testServer(): Promise<{ address: Address; leave: () => Promise<void> }> {
  const url = process.env['TEST_DATABASE_URL']
  if (url) return { address: parseAddress(url), leave: async () => {} }
  const { address, leave, stop } = await joinTestServer()
  return { address, leave: () => leave().then(stop) }
}

/**
 * Joins the embedded server that all tests of this user share; `stop` ends it when nobody uses it.
 */
export async function joinTestServer() {
  const home = join('/tmp', `bestmark-test-${process.getuid?.() ?? 0}`)
  const { address, leave } = await joinEmbedded(home)
  return {
    address,
    databaseUrl: urlOf(address),
    leave,
    stop: () => stopEmbedded(home).then(() => undefined),
  }
}

/** The address for other processes: with TEST_POOL, such as `127.0.0.1:6432`, that of a pool. */
function throughPool(address: Address): Address {
  const pool = process.env['TEST_POOL']
  if (!pool) return address
  const { host, port, path } = parseAddress(`postgres://${pool}`)
  return { ...address, host, port, path }
}

function urlOf({ user, password, host, port, path, database }: Address): string {
  const who = [user, password].filter((part) => part !== undefined).map(encodeURIComponent)
  const query = path ? `?host=${encodeURIComponent(host)}` : ''
  return `postgres://${who.join(':')}@${path ? 'localhost' : host}:${port}/${database}${query}`
}
