/** The headers of every answer, including the files of the build. */
export const ALWAYS = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  // The link that opens the board contains its token.
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}

/**
 * For pages with forms: without a referrer a browser would not say that its form is of this board.
 * Their addresses have no secret.
 */
export const FORM_REFERRER = 'same-origin'

/** Allows no script and no request, except styles and pictures of this board. */
export const SCRIPTLESS_POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "style-src-attr 'unsafe-inline'",
  "img-src 'self' data:",
  'media-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** Adds the headers that every answer has; those that a page sets stay. */
export function withSecurityHeaders(response: Response): Response {
  for (const [name, value] of Object.entries(ALWAYS)) {
    if (!response.headers.has(name)) response.headers.set(name, value)
  }
  if (!response.headers.has('cache-control')) {
    response.headers.set('cache-control', 'private, no-cache')
  }
  if (!response.headers.has('content-security-policy')) {
    response.headers.set('content-security-policy', SCRIPTLESS_POLICY)
  }
  return response
}
