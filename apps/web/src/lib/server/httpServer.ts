import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { SecureContextOptions } from 'node:tls'
import type { Serving } from '@bestmark/api/board'
import { LONGEST_LINE } from '@bestmark/core'
import { type HostRule, isLoopback } from './access.ts'
import { type ReadClient, readNothing } from './forwarded.ts'
import { ALWAYS } from './headers.ts'
import { refusals } from './refusals.ts'

export type Handler = (request: IncomingMessage, response: ServerResponse) => void

/** The limits of one client; times in ms, sizes in bytes. */
export interface Limits {
  /** From the first byte of a connection or request to the end of its headers. */
  headers: number
  /** To the end of its body. */
  request: number
  /** From the end of the headers to the end of the answer; live streams have no such limit. */
  answer: number
  /** How long the reader of a live stream may read nothing, though pings are sent. */
  stalled: number
  /** Between two requests on one connection. */
  idle: number
  /** How often the time limits are checked. */
  check: number
  connections: number
  /** The address and the headers; the address of a live stream names all series of all tabs. */
  head: number
  body: number
  /** The body with a piece of a journal. */
  piece: number
}

/** A page opens six connections at most, and a batch of procedures takes moments. */
export const LIMITS: Limits = {
  headers: 10_000,
  request: 30_000,
  answer: 120_000,
  stalled: 60_000,
  idle: 20_000,
  check: 1_000,
  connections: 1_000,
  head: 131_072,
  body: 131_072,
  piece: LONGEST_LINE,
}

/** The beginning of the addresses that take journals. */
const JOURNALS = '/ingest/'

const METHODS = 'GET, HEAD, POST'

/** What a server accepts, and how. */
export interface Guard {
  limits?: Limits
  /** The names of the board. Default: those of this machine. */
  acceptsHost?: HostRule
  refuseHost?: () => Response
  /** Takes what a proxy says about the client. Default: nothing is believed. */
  readClient?: ReadClient
  tls?: Serving['tls']
}

/** An HTTP server, for this machine only by default; no client can take what others need. */
export function guardedServer(handle: Handler, guard: Guard = {}): Server {
  const { limits = LIMITS, readClient = readNothing, tls } = guard
  const { acceptsHost = isLoopback, refuseHost = refusals.host } = guard
  const times = {
    headersTimeout: limits.headers,
    requestTimeout: limits.request,
    keepAliveTimeout: limits.idle,
    connectionsCheckingInterval: limits.check,
    maxHeaderSize: limits.head,
  }
  const answer: Handler = (request, response) => {
    // Files of the build are answered before the hooks of the pages run.
    for (const [name, value] of Object.entries(ALWAYS)) response.setHeader(name, value)
    const refusal = refusalOf(request, limits, () => {
      readClient(request)
      return acceptsHost(request.headers.host ?? null) ? undefined : refuseHost()
    })
    if (refusal) return answerWith(response, refusal)
    endInTime(response, limits.answer)
    endWhereStalled(response, limits.stalled)
    handle(request, response)
  }
  const server = tls
    ? createTlsServer({ ...times, ...tlsOptions(tls) }, answer)
    : createServer(times, answer)
  server.maxConnections = limits.connections
  return server
}

/** How a server uses a certificate. */
export function tlsOptions({ cert, key }: NonNullable<Serving['tls']>): SecureContextOptions {
  return { cert, key, minVersion: 'TLSv1.2' }
}

/** Why a request is refused before it is handled; undefined if it is not. */
function refusalOf(
  { method, url, headers, rawHeaders }: IncomingMessage,
  { body, piece }: Limits,
  refusalOfHost: () => Response | undefined,
) {
  const hosts = rawHeaders.filter((text, at) => at % 2 === 0 && text.toLowerCase() === 'host')
  if (hosts.length !== 1 || !url?.startsWith('/')) return refusals.form()
  const otherHost = refusalOfHost()
  if (otherHost) return otherHost
  if (!METHODS.split(', ').includes(method ?? '')) return refusals.method(METHODS)
  const most = url.startsWith(JOURNALS) ? piece : body
  if (Number(headers['content-length'] ?? 0) > most) return refusals.body(most)
  return undefined
}

function answerWith(response: ServerResponse, refusal: Response): void {
  // The rest of what the connection sends is not read.
  const headers = { ...Object.fromEntries(refusal.headers), connection: 'close' }
  refusal.text().then(
    (page) => response.writeHead(refusal.status, headers).end(page),
    (error: Error) => response.destroy(error),
  )
}

const OVERDUE = 'The board took too long to answer. Try again, or request less.\n'

/** Ends an answer that takes too long, with a message if nothing of it was sent. */
function endInTime(response: ServerResponse, time: number): void {
  const late = setTimeout(() => {
    if (isLive(response)) return
    // Written to the socket, because the handler may still write to the response.
    if (!response.headersSent) response.socket?.write(overdue())
    response.destroy()
  }, time)
  response.once('close', () => clearTimeout(late))
}

/**
 * Ends a live stream whose reader stopped reading. The reader continues from its last message when
 * it reconnects; until then it would hold a connection and unread messages.
 */
function endWhereStalled(response: ServerResponse, time: number): void {
  response.setTimeout(time, () => {
    if (isLive(response)) response.destroy()
  })
}

function isLive(response: ServerResponse): boolean {
  return String(response.getHeader('content-type')).startsWith('text/event-stream')
}

function overdue(): string {
  const head = [
    'HTTP/1.1 503 Service Unavailable',
    'content-type: text/plain; charset=utf-8',
    `content-length: ${Buffer.byteLength(OVERDUE)}`,
    'connection: close',
  ]
  return `${head.join('\r\n')}\r\n\r\n${OVERDUE}`
}
