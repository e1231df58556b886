import { type Address, CONNECT_TIMEOUT, describeAddress, parseAddress } from './address.ts'
import { type Database, databaseAt } from './client.ts'
import { joinEmbedded } from './embedded/embedded.ts'
import { type Limits, WORK } from './limits.ts'
import type { Machine } from './machine.ts'
import { behindPool, isOfPool, keepsSessions } from './pooled.ts'
import { DatabaseUnavailable } from './unavailable.ts'

export interface DatabaseOptions {
  /** The data folder, absolute. */
  home: string
  /** Any Postgres 15 or newer instead of the embedded one, or a pool before it. */
  databaseUrl?: string | undefined
  /** The variable that `databaseUrl` is from, for errors; by default DATABASE_URL. */
  variable?: string | undefined
  /** The same database without a pool, to listen there. */
  listenUrl?: string | undefined
  /** How long its queries may take. */
  limits?: Limits
  /** The name of its connections on the server. */
  application_name?: string | undefined
  /** How many connections its queries use; with one, it also listens on that one. */
  connections?: number | undefined
  /** The machine of this process; by default it is read from the system. */
  machine?: Machine | undefined
}

/**
 * Opens the database: the one in `databaseUrl`, otherwise the embedded server of `home`, started
 * or joined. Throws DatabaseUnavailable or HomeUnusable within about five seconds.
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const { home, databaseUrl, limits, machine, application_name, connections } = options
  const named = application_name === undefined ? {} : { application_name }
  if (databaseUrl) return openAt(databaseUrl, options)
  const { address: embedded, folder, leave } = await joinEmbedded(home, machine)
  const address = { ...embedded, ...named }
  const open = databaseAt(address, { limits, leave, connections })
  const { version } = await greet(open, address, DATABASE_URL)
  return { ...open, describe: `embedded Postgres ${version} in ${folder}`, folder }
}

async function openAt(
  databaseUrl: string,
  {
    listenUrl,
    variable = DATABASE_URL,
    limits = WORK,
    application_name,
    connections,
  }: DatabaseOptions,
): Promise<Database> {
  const named = application_name === undefined ? {} : { application_name }
  const address = { ...addressIn(databaseUrl, variable), ...named }
  const direct = listenUrl
    ? { ...addressIn(listenUrl, 'DATABASE_LISTEN_URL'), ...named }
    : undefined
  const open = databaseAt(address, { limits, connections, isBare: true })
  const { version, isPooled } = await greet(open, address, variable)
  if (!isPooled) await keepsSessions(open, limits)
  const listening = isPooled || direct ? behindPool(open, direct, isPooled) : open
  const described = `Postgres ${version} at ${describeAddress(address)}`
  return { ...listening, describe: isPooled ? `${described}, through a pool` : described }
}

const DATABASE_URL = 'DATABASE_URL'

function addressIn(url: string, variable: string): Address {
  try {
    return parseAddress(url)
  } catch (cause) {
    const why = cause instanceof TypeError ? cause.message : 'it cannot be read'
    throw new DatabaseUnavailable(`${variable} is not a Postgres address: ${why}.`)
  }
}

interface Greeting {
  /** Such as `15.20`. */
  version: string
  isPooled: boolean
}

/** The first query. Closes the database if it fails. */
async function greet(
  { sql, close }: Database,
  address: Address,
  variable: string,
): Promise<Greeting> {
  try {
    const rows = await withTimeout(
      sql<{ name: string; number: string; pid: number }[]>`
      select current_setting('server_version') as name,
             current_setting('server_version_num') as number,
             pg_backend_pid() as pid`.simple(),
    )
    const [row] = rows
    if (row && Number(row.number) >= 150_000) {
      return { version: row.name.split(' ')[0] ?? '', isPooled: isOfPool(rows) }
    }
    throw new DatabaseUnavailable(
      `Postgres ${row?.name} at ${describeAddress(address)} is too old: Bestmark needs 15 or newer.`,
    )
  } catch (cause) {
    await close()
    if (cause instanceof DatabaseUnavailable) throw cause
    throw new DatabaseUnavailable(sentence(address, variable, cause as NodeJS.ErrnoException), {
      cause,
    })
  }
}

/** A server that accepts connections but never answers must not block forever. */
async function withTimeout<T>(answer: PromiseLike<T>): Promise<T> {
  const late = Promise.withResolvers<never>()
  const error = Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })
  const timer = setTimeout(() => late.reject(error), (CONNECT_TIMEOUT + 0.5) * 1000)
  try {
    return await Promise.race([answer, late.promise])
  } finally {
    clearTimeout(timer)
  }
}

function sentence(
  address: Address,
  variable: string,
  { code, message }: NodeJS.ErrnoException,
): string {
  const server = describeAddress(address)
  switch (code) {
    case 'ECONNREFUSED':
    case 'ENOENT':
      return `No Postgres listens at ${server}. Start it, or set ${variable} to its address.`
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `The host ${address.host} in ${variable} is unknown.`
    case 'ETIMEDOUT':
    case 'ABORT_ERR':
    case 'CONNECT_TIMEOUT':
      return `Postgres at ${server} did not answer within ${CONNECT_TIMEOUT} seconds.`
    case '28P01':
    case '28000':
      return `Postgres at ${server} refused the user or password of ${variable}.`
    case '3D000':
      return `Postgres at ${address.host} has no database ${address.database}. Create it first.`
    default:
      return `Postgres at ${server} cannot be used: ${message}.`
  }
}
