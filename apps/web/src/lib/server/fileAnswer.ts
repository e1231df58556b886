/** Nothing in the file runs or loads, wherever it is opened. */
const POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"
const RANGE = /^bytes=(\d{1,15})-(\d{0,15})$/

/** The answer with a file, or with the range of it that a player asks for. */
export function fileAnswer(
  { content, media_type }: { content: Uint8Array; media_type: string },
  range: string | null,
): Response {
  const headers = new Headers({
    'content-type': media_type,
    'content-disposition': 'inline',
    'content-security-policy': POLICY,
    // The address has the revision of the content.
    'cache-control': 'private, max-age=31536000, immutable',
    'accept-ranges': 'bytes',
  })
  const size = content.length
  const [, from, to] = RANGE.exec(range ?? '') ?? []
  if (from === undefined) {
    headers.set('content-length', String(size))
    return new Response(new Uint8Array(content), { headers })
  }
  const first = Number(from)
  if (first >= size) {
    headers.set('content-range', `bytes */${size}`)
    return new Response(null, { status: 416, headers })
  }
  const last = to ? Math.min(Number(to), size - 1) : size - 1
  const part = content.slice(first, last + 1)
  headers.set('content-range', `bytes ${first}-${last}/${size}`)
  headers.set('content-length', String(part.length))
  return new Response(part, { status: 206, headers })
}
