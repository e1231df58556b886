import { ownValue } from '@bestmark/core'
import { once } from 'node:events'
import { connect } from 'node:net'
import { Duplex } from 'node:stream'
import type { Options } from 'postgres'
import { arrayText } from '../values/arrayText.ts'

/** Where a server listens. */
export interface ServerPlace {
  host: string
  port: number
  /** The unix socket, instead of host and port. */
  path?: string | undefined
}

/** The address of a server, with database and user. */
export interface Address extends ServerPlace {
  /** Further servers of the same database, of which one accepts writes. */
  others?: readonly ServerPlace[]
  /** Only a server that accepts writes may be used. */
  writable?: boolean
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
 * Reads a DATABASE_URL as libpq does, with unix sockets (`postgres:///name?host=/run/dir`) and lists of
 * servers (`postgres://a:5432,b:5432/name`). Throws TypeError for any other text; the message contains
 * nothing of the address.
 */
export function parseAddress(text: string): Address {
  const { url, hosts, ports } = splitServers(text)
  const query = url.searchParams
  const [first = placeOf('127.0.0.1', ports[0]), ...others] = hosts.map((host, index) => {
    return placeOf(host || '127.0.0.1', ports[index] || (ports.length === 1 ? ports[0] : ''))
  })
  const user = decodeURIComponent(url.username) || query.get('user') || 'postgres'
  const wanted = query.get('target_session_attrs')
  return {
    ...first,
    ...(others.length > 0 && { others }),
    ...((wanted === null ? others.length > 0 : WRITABLE.has(wanted)) && { writable: true }),
    database: decodeURIComponent(url.pathname.slice(1)) || user,
    user,
    password: decodeURIComponent(url.password) || query.get('password') || undefined,
    ssl: ownValue(SSL, query.get('sslmode') ?? 'disable') ?? 'require',
    application_name: query.get('application_name') ?? 'bestmark',
  }
}

/** Values of `target_session_attrs` for which a server must accept writes. */
const WRITABLE = new Set(['read-write', 'primary'])

/** The parts of an address before the first `/` of its path: what is before the servers, and the servers. */
const SERVERS = /^(postgres(?:ql)?:\/\/(?:[^/?#]*@)?)([^/?#@]*)/
/** A server of a list. */
const SERVER = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/

/** An address as a URL, which has one server, and all servers of its list. */
function splitServers(text: string): { url: URL; hosts: string[]; ports: string[] } {
  const [, , list = ''] = SERVERS.exec(text) ?? []
  const servers = list.split(',').map((server) => SERVER.exec(server))
  const single = text.replace(SERVERS, (_, before: string) => `${before}${list.split(',')[0]}`)
  const url = URL.canParse(single) ? new URL(single) : undefined
  if (!url || !/^postgres(ql)?:$/.test(url.protocol) || servers.includes(null)) {
    throw new TypeError('expected postgres://user:password@host:5432/database')
  }
  const query = url.searchParams
  const hosts = servers.map((server) => decodeURIComponent(server?.[1] ?? ''))
  const ports = servers.map((server) => server?.[2] ?? '')
  return {
    url,
    hosts: query.get('host')?.split(',') ?? hosts,
    ports: query.get('port')?.split(',') ?? ports,
  }
}

function placeOf(host: string, port: string | undefined): ServerPlace {
  return {
    host: host.replace(/^\[|\]$/g, ''),
    port: Number(port || 5432),
    path: host.startsWith('/') ? `${host}/.s.PGSQL.${port || 5432}` : undefined,
  }
}

/** Every server of an address, the first one first. */
export function placesIn({ host, port, path, others = [] }: Address): ServerPlace[] {
  return [{ host, port, path }, ...others]
}

/** The name of the connection that shows that a process uses an embedded server. */
export const PRESENCE_NAME = 'bestmark presence'

/** The address for people, without user and password. */
export function describeAddress(address: Address): string {
  return `${placesIn(address).map(describePlace).join(' or ')}, database ${address.database}`
}

export function describePlace({ path, host, port }: ServerPlace): string {
  return path ?? `${host}:${port}`
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
  return { to, from: [], serialize: arrayText, parse: (text: string) => text }
}

/** An open socket, or a socket that breaks at once. */
export async function openSocket({ host, port, path }: ServerPlace): Promise<Duplex> {
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
