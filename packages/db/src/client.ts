import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js'
import postgres from 'postgres'
import { type Address, clientOptions, CONNECT_TIMEOUT, parseAddress, placeOf } from './address.ts'
import { joinEmbedded } from './embedded.ts'
import * as schema from './schema.ts'
import { DatabaseUnavailable } from './unavailable.ts'

/** How long a client may take to end (ms); queries that run are given two seconds of it. */
const LAST_WORDS = 3_000

export type Orm = PostgresJsDatabase<typeof schema>

/** An open database. Times are milliseconds (float8), bigints are numbers; there are no Dates. */
export interface Database {
  sql: ReturnType<typeof connectTo>
  orm: Orm
  /** Where it is, for people; without a password. */
  describe: string
  close: () => Promise<void>
}

export interface DatabaseOptions {
  /** The data folder, absolute. */
  home: string
  /** Any Postgres 15 or newer instead of the embedded one. */
  databaseUrl?: string | undefined
}

/**
 * Opens the database: the one that `databaseUrl` names, else the embedded server of `home`, started
 * or attached to. Throws DatabaseUnavailable or HomeUnusable within about five seconds.
 */
export async function openDatabase({ home, databaseUrl }: DatabaseOptions): Promise<Database> {
  if (databaseUrl) {
    const address = addressIn(databaseUrl)
    const sql = connectTo(address)
    const version = await versionOf(sql, address)
    return databaseOver(sql, `Postgres ${version} at ${placeOf(address)}`)
  }
  const embedded = await joinEmbedded(home)
  const sql = connectTo(embedded.address)
  const version = await versionOf(sql, embedded.address)
  const describe = `embedded Postgres ${version} in ${embedded.folder}`
  return databaseOver(sql, describe, embedded.leave)
}

/** The database over an open client; `leave` is called once the client is closed. */
export function databaseOver(
  sql: Database['sql'],
  describe: string,
  leave?: () => Promise<void>,
): Database {
  const close = async (): Promise<void> => {
    await ended(sql)
    await leave?.()
  }
  return { sql, orm: drizzle(sql, { schema }), describe, close }
}

/** A client that is just connecting anew may never say that it ended. */
async function ended(sql: Database['sql']): Promise<void> {
  const patience = Promise.withResolvers<void>()
  const timer = setTimeout(patience.resolve, LAST_WORDS)
  await Promise.race([sql.end({ timeout: 2 }), patience.promise])
  clearTimeout(timer)
}

/** A pool of ten: more were no faster. Idle connections go after a minute. */
export function connectTo(address: Address) {
  return postgres({ ...clientOptions(address), max: 10, idle_timeout: 60 })
}

function addressIn(databaseUrl: string): Address {
  try {
    return parseAddress(databaseUrl)
  } catch (cause) {
    const why = cause instanceof TypeError ? cause.message : 'it cannot be read'
    throw new DatabaseUnavailable(`DATABASE_URL is not a Postgres address: ${why}.`)
  }
}

/** The server's version, such as `15.20`; the first question put to it. */
async function versionOf(sql: Database['sql'], address: Address): Promise<string> {
  try {
    const [row] = await inTime(sql<{ name: string; number: string }[]>`
      select current_setting('server_version') as name,
             current_setting('server_version_num') as number`)
    if (Number(row?.number) >= 150_000) return row?.name.split(' ')[0] ?? ''
    throw new DatabaseUnavailable(
      `Postgres ${row?.name} at ${placeOf(address)} is too old: Bestmark needs 15 or newer.`,
    )
  } catch (cause) {
    await sql.end({ timeout: 0 })
    if (cause instanceof DatabaseUnavailable) throw cause
    throw new DatabaseUnavailable(sentence(address, cause as NodeJS.ErrnoException), { cause })
  }
}

/** Something that accepts connections and never answers must not hold us for ever. */
async function inTime<T>(answer: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>()
  const error = Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })
  const timer = setTimeout(() => late.reject(error), (CONNECT_TIMEOUT + 0.5) * 1000)
  try {
    return await Promise.race([answer, late.promise])
  } finally {
    clearTimeout(timer)
  }
}

function sentence(address: Address, { code, message }: NodeJS.ErrnoException): string {
  const place = placeOf(address)
  switch (code) {
    case 'ECONNREFUSED':
    case 'ENOENT':
      return `No Postgres listens at ${place}. Start it, or set DATABASE_URL to where it is.`
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `The host ${address.host} of DATABASE_URL is not known here.`
    case 'ETIMEDOUT':
    case 'ABORT_ERR':
    case 'CONNECT_TIMEOUT':
      return `Postgres at ${place} did not answer within ${CONNECT_TIMEOUT} seconds.`
    case '28P01':
    case '28000':
      return `Postgres at ${place} refused the user or password of DATABASE_URL.`
    case '3D000':
      return `Postgres at ${address.host} has no database ${address.database}. Create it first.`
    default:
      return `Postgres at ${place} cannot be used: ${message}.`
  }
}
