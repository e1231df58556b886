import { connect, type Socket } from 'node:net'
import type { Options } from 'postgres'

/** Where a server listens and who we are there. */
export interface Address {
  host: string
  port: number
  /** The unix socket, instead of host and port. */
  path?: string | undefined
  database: string
  user: string
  password?: string | undefined
  ssl: 'prefer' | 'require' | 'verify-full' | false
  application_name: string
}

const SSL: Record<string, Address['ssl']> = {
  disable: false,
  allow: 'prefer',
  prefer: 'prefer',
  require: 'require',
  'verify-ca': 'verify-full',
  'verify-full': 'verify-full',
}

/**
 * Reads a DATABASE_URL as libpq does, unix sockets included (`postgres:///name?host=/run/dir`).
 * Throws TypeError where it is no such address; its message repeats nothing of the address.
 */
export function parseAddress(text: string): Address {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !/^postgres(ql)?:$/.test(url.protocol)) {
    throw new TypeError('expected postgres://user:password@host:5432/database')
  }
  const query = url.searchParams
  const host = query.get('host') || decodeURIComponent(url.hostname) || '127.0.0.1'
  const port = Number(query.get('port') || url.port || 5432)
  const user = decodeURIComponent(url.username) || query.get('user') || 'postgres'
  return {
    host: host.replace(/^\[|\]$/g, ''),
    port,
    path: host.startsWith('/') ? `${host}/.s.PGSQL.${port}` : undefined,
    database: decodeURIComponent(url.pathname.slice(1)) || user,
    user,
    password: decodeURIComponent(url.password) || query.get('password') || undefined,
    ssl: SSL[query.get('sslmode') ?? 'disable'] ?? 'require',
    application_name: query.get('application_name') ?? 'bestmark',
  }
}

/** The address for people, without user and password. */
export function placeOf({ path, host, port, database }: Address): string {
  return path ? `${path}, database ${database}` : `${host}:${port}, database ${database}`
}

/** How long a server may take to answer a new connection, in seconds. */
export const CONNECT_TIMEOUT = 4

/**
 * The client options for an address. The socket is ours, for the client sets no TCP_NODELAY and
 * puts no bound on the time that a connection takes.
 */
export function clientOptions(address: Address): Options<{ bigint: typeof wholeNumber }> {
  const { host, port, path, database, user, password, ssl, application_name } = address
  return {
    host,
    port,
    ...(path === undefined ? {} : { path }),
    database,
    user,
    ...(password === undefined ? {} : { password }),
    ssl,
    connect_timeout: CONNECT_TIMEOUT,
    backoff: (retries) => Math.min(0.05 * retries, 1),
    connection: { application_name },
    types: { bigint: wholeNumber },
    onnotice: () => {},
    // The client takes this option though its types do not list it.
    ...({ socket: () => dial(address) } as object),
  }
}

/** int8 as a number: what we count stays below 2^53. */
const wholeNumber = { to: 20, from: [20], parse: Number, serialize: String }

/**
 * Returned before it is connected: what is written waits, and a failure arrives as an event. The
 * client never gets a connection of its pool back whose socket could not be made.
 */
function dial({ host, port, path }: Address): Socket {
  const socket = path ? connect(path) : connect({ host, port, noDelay: true })
  // The client takes the name for TLS from here.
  return Object.assign(socket, { host })
}
