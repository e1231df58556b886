import { LIMITS } from './httpServer.ts'

/**
 * A request whose body is not longer than that of a page or a procedure may be; undefined if it is.
 * The server in front knows only the length that a header names, so a body without one is read here.
 */
export async function boundedBody(
  request: Request,
  most = LIMITS.body,
): Promise<Request | undefined> {
  const { body, headers } = request
  if (body === null || headers.has('content-length')) return request
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
    size += chunk.length
    // The rest is read and dropped: a client that still sends would not see the answer.
    if (size <= most) chunks.push(chunk)
    else chunks.length = 0
  }
  if (size > most) return undefined
  return new Request(request, { body: Buffer.concat(chunks) })
}
