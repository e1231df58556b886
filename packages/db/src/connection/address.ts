import { ownValue } from '@bestmark/core'
import { once } from 'node:events'
import { connect } from 'node:net'
import { Duplex } from 'node:stream'
import type { Options } from 'postgres'

/** The address of a server, with database and user. */
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
 * Throws TypeError for any other text; the message contains nothing of the address.
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
    ssl: ownValue(SSL, query.get('sslmode') ?? 'disable') ?? 'require',
    application_name: query.get('application_name') ?? 'bestmark',
  }
}

/** The name of the connection that shows that a process uses an embedded server. */
export const PRESENCE_NAME = 'bestmark presence'

/** The address for people, without user and password. */
export function describeAddress({ path, host, port, database }: Address): string {
  return path ? `${path}, database ${database}` : `${host}:${port}, database ${database}`
}

/** How long a server may take to answer a new connection, in seconds. */
export const CONNECT_TIMEOUT = 4

/** After this idle time (s) a connection is tested, because it may have broken without a sign. */
const KEEP_ALIVE = 10

/**
 * The client options for an address. We open the socket, because the client sets no TCP_NODELAY
 * and has no time limit for connecting.
 */
export function clientOptions(address: Address): Options<typeof TYPES> {
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
    keep_alive: KEEP_ALIVE,
    backoff: (retries) => Math.min(0.05 * retries, 1),
    connection: { application_name },
    types: TYPES,
    // Asking a server for its types costs each connection a query, which crashes us if it breaks.
    fetch_types: false,
    onnotice: () => {},
    // The client takes this option though its types do not list it.
    ...({ socket: () => openSocket(address) } as object),
  }
}

/** Types that the driver does not support by itself: int8 as a number (below 2^53), and lists. */
const TYPES = {
  bigint: { to: 20, from: [20], parse: Number, serialize: String },
  int4s: listOf(1007),
  texts: listOf(1009),
  int8s: listOf(1016),
  float8s: listOf(1022),
  uuids: listOf(2951),
}

/** A list as a parameter, by the number of its type; none is ever read. */
function listOf(to: number) {
  const quoted = (item: string | number): string => `"${String(item).replace(/["\\]/g, '\\$&')}"`
  const serialize = (items: readonly (string | number)[]): string =>
    `{${items.map(quoted).join(',')}}`
  return { to, from: [], serialize, parse: (text: string) => text }
}

/** An open socket, or a socket that breaks at once. */
export async function openSocket({ host, port, path }: Address): Promise<Duplex> {
  const socket = path ? connect(path) : connect({ host, port, noDelay: true })
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(CONNECT_TIMEOUT * 1000) })
  } catch (error) {
    socket.destroy()
    return broken(error as Error)
  }
  // The client takes the name for TLS from here.
  return Object.assign(socket, { host })
}

/**
 * A socket that breaks with `error` at the first write. The client takes a connection back into its
 * pool, and waits before the next try, only when a socket that it was given breaks.
 */
export function broken(error: Error): Duplex {
  return new Duplex({
    emitClose: false,
    read: () => {},
    write: (_chunk, _encoding, done) => done(error),
    destroy(reason, done) {
      done(reason)
      setImmediate(() => this.emit('close', true))
    },
  })
}
