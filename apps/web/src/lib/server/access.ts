import { isIP } from 'node:net'
import { hostname as machineName } from 'node:os'
import type { Serving } from '@bestmark/api/board'

/** Whether a Host header names this board. */
export type HostRule = (host: string | null) => boolean

/**
 * The names of a board. With accounts it is that of BESTMARK_URL; without that variable it is any
 * address, or the name of the machine. A foreign name that resolves to this machine is none.
 */
export function hostRule({ hasAccounts, url }: Pick<Serving, 'hasAccounts' | 'url'>): HostRule {
  if (!hasAccounts) return isLoopback
  return (host) => {
    if (host === null || !URL.canParse(`http://${host}`)) return false
    // A health check of this machine uses its own address.
    if (isLoopback(host)) return true
    if (url) return host.toLowerCase() === url.host
    const { hostname } = new URL(`http://${host}`)
    return isIP(hostname.replace(/^\[|\]$/g, '')) !== 0 || hostname === machineName().toLowerCase()
  }
}

/** Whether a Host header names this machine, on any port (a tunnel may change it). */
export function isLoopback(host: string | null): boolean {
  if (host === null || !URL.canParse(`http://${host}`)) return false
  const { hostname } = new URL(`http://${host}`)
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '[::1]' ||
    /^127\.\d+\.\d+\.\d+$/.test(hostname)
  )
}

/** A path that a browser cannot read as another site, as it would read `//name`. */
export function withinBoard(pathname: string): string {
  return pathname.replace(/^[/\\]*/, '/')
}

/** The token of an `Authorization: Bearer` header. */
export function bearer(headers: Headers): string | null {
  return headers.get('authorization')?.match(/^Bearer\s+(\S+)$/i)?.[1] ?? null
}

/**
 * Whether a page of this board sent a request that writes. Browsers send the origin with every
 * request that writes. A request without one comes from a tool, which must send its token as
 * Bearer, since any page of this machine can send a cookie.
 */
export function mayWrite(
  request: Request,
  board: { host: string | null; origin?: string },
): boolean {
  if (['GET', 'HEAD', 'OPTIONS'].includes(request.method)) return true
  const origin = request.headers.get('origin')
  if (origin === null) return bearer(request.headers) !== null
  // With accounts the protocol counts, too: a page of http may be anybody's.
  if (board.origin !== undefined) return origin === board.origin
  return URL.canParse(origin) && new URL(origin).host === board.host
}

/**
 * Whether a page of another origin sent a request, except for a click on a link to a page of the
 * board. Browsers mark every request with its kind, and send the cookie with a click on any link. A
 * procedure is not a page, so no link may lead to it. Tools do not mark requests, or send their
 * token, which a page can do only after a preflight.
 */
export function isCrossSite({ headers }: Request, isProcedure: boolean): boolean {
  const site = headers.get('sec-fetch-site')
  if (site === null || bearer(headers) !== null) return false
  const isVisit =
    headers.get('sec-fetch-mode') === 'navigate' && headers.get('sec-fetch-dest') === 'document'
  if (isProcedure) return site !== 'same-origin' || isVisit
  return site !== 'same-origin' && !isVisit
}
