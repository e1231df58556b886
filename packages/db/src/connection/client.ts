import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js'
import postgres from 'postgres'
import {
  type Address,
  broken,
  clientOptions,
  CONNECT_TIMEOUT,
  openSocket,
  parseAddress,
  describeAddress,
} from './address.ts'
import { bestEffort } from './bestEffort.ts'
import { IDLE_IN_TRANSACTION, type Limits, WORK } from './limits.ts'
import { Pulse, ServerSilent } from './pulse.ts'
import { joinEmbedded } from './embedded/embedded.ts'
import type { Machine } from './machine.ts'
import * as schema from '../schema.ts'
import { DatabaseUnavailable } from './unavailable.ts'

export type Orm = PostgresJsDatabase<typeof schema>

/** An open database. Times are milliseconds (float8), bigints are numbers; there are no Dates. */
export interface Database {
  sql: Client
  orm: Orm
  /** Throws ServerSilent as soon as the server is found not to answer while the work is done. */
  whileAnswering: Pulse['whileAnswering']
  /** Its address for people, without a password. */
  describe: string
  /** The folder of the embedded server's files; undefined for other servers. */
  folder?: string
  /** Takes a few seconds at most, and never throws. */
  close: () => Promise<void>
}

export type Client = ReturnType<typeof connectTo>

export interface DatabaseOptions {
  /** The data folder, absolute. */
  home: string
  /** Any Postgres 15 or newer instead of the embedded one. */
  databaseUrl?: string | undefined
  /** How long its queries may take. */
  limits?: Limits
  /** The name of its connections on the server. */
  application_name?: string | undefined
  /** The machine of this process; by default it is read from the system. */
  machine?: Machine | undefined
}

/**
 * Opens the database: the one in `databaseUrl`, otherwise the embedded server of `home`, started
 * or joined. Throws DatabaseUnavailable or HomeUnusable within about five seconds.
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const { home, databaseUrl, limits, machine, application_name } = options
  const named = application_name === undefined ? {} : { application_name }
  if (databaseUrl) {
    const address = { ...addressIn(databaseUrl), ...named }
    const open = databaseAt(address, { limits })
    const version = await versionOf(open, address)
    return { ...open, describe: `Postgres ${version} at ${describeAddress(address)}` }
  }
  const { address: embedded, folder, leave } = await joinEmbedded(home, machine)
  const address = { ...embedded, ...named }
  const open = databaseAt(address, { limits, leave })
  const version = await versionOf(open, address)
  return { ...open, describe: `embedded Postgres ${version} in ${folder}`, folder }
}

/** The database at an address, without a query; `leave` is called after its client is closed. */
export function databaseAt(
  address: Address,
  { limits = WORK, leave }: { limits?: Limits | undefined; leave?: () => Promise<void> } = {},
): Database {
  const pulse = new Pulse(address, limits.pulse)
  const sql = connectTo(address, limits, pulse)
  const close = async (): Promise<void> => {
    // A client that is reconnecting may never report its end.
    await bestEffort(() => sql.end({ timeout: 1.5 }))
    if (leave) await bestEffort(leave)
  }
  const whileAnswering: Pulse['whileAnswering'] = (work) => pulse.whileAnswering(work)
  return {
    sql,
    orm: drizzle(sql, { schema }),
    whileAnswering,
    describe: describeAddress(address),
    close,
  }
}

/** A pool of ten, because more were not faster. Idle connections close after a minute. */
export function connectTo(
  address: Address,
  limits = WORK,
  pulse = new Pulse(address, limits.pulse),
) {
  const { statement, answer, silence } = limits
  return postgres({
    ...clientOptions(address),
    max: 10,
    idle_timeout: 60,
    // The client takes these though its types do not list them.
    ...({
      // These are not parameters of the login, because a pooler refuses those.
      prelude: `set statement_timeout = ${statement};
        set idle_in_transaction_session_timeout = ${IDLE_IN_TRANSACTION}`,
      socket: async () => {
        const refusal = await pulse.refusal()
        return refusal ? broken(refusal) : openSocket(address)
      },
      silence_timeout: silence / 1000,
      onsilence: async (lasted: number) =>
        lasted < answer ? pulse.verdict() : new ServerSilent(address),
    } as object),
  })
}

function addressIn(databaseUrl: string): Address {
  try {
    return parseAddress(databaseUrl)
  } catch (cause) {
    const why = cause instanceof TypeError ? cause.message : 'it cannot be read'
    throw new DatabaseUnavailable(`DATABASE_URL is not a Postgres address: ${why}.`)
  }
}

/** The server's version, such as `15.20`. This is the first query. */
async function versionOf({ sql, close }: Database, address: Address): Promise<string> {
  try {
    const [row] = await withTimeout(sql<{ name: string; number: string }[]>`
      select current_setting('server_version') as name,
             current_setting('server_version_num') as number`)
    if (Number(row?.number) >= 150_000) return row?.name.split(' ')[0] ?? ''
    throw new DatabaseUnavailable(
      `Postgres ${row?.name} at ${describeAddress(address)} is too old: Bestmark needs 15 or newer.`,
    )
  } catch (cause) {
    await close()
    if (cause instanceof DatabaseUnavailable) throw cause
    throw new DatabaseUnavailable(sentence(address, cause as NodeJS.ErrnoException), { cause })
  }
}

/** A server that accepts connections but never answers must not block forever. */
async function withTimeout<T>(answer: Promise<T>): Promise<T> {
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
  const server = describeAddress(address)
  switch (code) {
    case 'ECONNREFUSED':
    case 'ENOENT':
      return `No Postgres listens at ${server}. Start it, or set DATABASE_URL to its address.`
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `The host ${address.host} in DATABASE_URL is unknown.`
    case 'ETIMEDOUT':
    case 'ABORT_ERR':
    case 'CONNECT_TIMEOUT':
      return `Postgres at ${server} did not answer within ${CONNECT_TIMEOUT} seconds.`
    case '28P01':
    case '28000':
      return `Postgres at ${server} refused the user or password of DATABASE_URL.`
    case '3D000':
      return `Postgres at ${address.host} has no database ${address.database}. Create it first.`
    default:
      return `Postgres at ${server} cannot be used: ${message}.`
  }
}
