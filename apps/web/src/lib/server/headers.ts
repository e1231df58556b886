/** What every answer carries, files of the build included. */
export const ALWAYS = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  // The link that opens the board carries its token.
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}

/** Nothing runs and nothing is fetched but styles and pictures of this board. */
export const SCRIPTLESS_POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "style-src-attr 'unsafe-inline'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** Adds what every answer of the board carries; what a page says of itself stays. */
export function withSecurityHeaders(response: Response): Response {
  for (const [name, value] of Object.entries(ALWAYS)) response.headers.set(name, value)
  if (!response.headers.has('cache-control')) {
    response.headers.set('cache-control', 'private, no-cache')
  }
  if (!response.headers.has('content-security-policy')) {
    response.headers.set('content-security-policy', SCRIPTLESS_POLICY)
  }
  return response
}
