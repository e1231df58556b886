/** Whether a Host header names this machine itself, on any port (a tunnel may change it). */
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

/** A path that a browser cannot take for another site, as it would `//name`. */
export function withinBoard(pathname: string): string {
  return pathname.replace(/^[/\\]*/, '/')
}

/** The token of an `Authorization: Bearer` header. */
export function bearer(headers: Headers): string | null {
  return headers.get('authorization')?.match(/^Bearer\s+(\S+)$/i)?.[1] ?? null
}

/**
 * Whether a request that writes was sent by a page of this board. Browsers tell the origin of
 * everything that writes; a request without one comes from a tool, which must show its token as
 * Bearer, since a cookie is sent by any page of this machine.
 */
export function mayWrite(request: Request, host: string | null): boolean {
  if (['GET', 'HEAD', 'OPTIONS'].includes(request.method)) return true
  const origin = request.headers.get('origin')
  if (origin === null) return bearer(request.headers) !== null
  return URL.canParse(origin) && new URL(origin).host === host
}

/**
 * Whether a page of another origin began a request, other than by leading a reader to a page of the
 * board: browsers say so of every request, and send the cookie with a click on any link. A
 * procedure is no page, so nobody is led to one. Tools say nothing of it, or show their token,
 * which no page can do without asking first.
 */
export function isCrossSite({ headers }: Request, isProcedure: boolean): boolean {
  const site = headers.get('sec-fetch-site')
  if (site === null || bearer(headers) !== null) return false
  const isVisit =
    headers.get('sec-fetch-mode') === 'navigate' && headers.get('sec-fetch-dest') === 'document'
  if (isProcedure) return site !== 'same-origin' || isVisit
  return site !== 'same-origin' && !isVisit
}
