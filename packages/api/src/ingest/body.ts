import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { LONGEST_LINE } from '@bestmark/core'
import { IngestRefused } from '@bestmark/db'

/** The largest piece of a journal, packed or unpacked (bytes). Every line that is read fits in one. */
export const LARGEST_PIECE = LONGEST_LINE

/** The bytes of a request, unpacked. Throws IngestRefused before it unpacks more than fits. */
export async function pieceIn(request: Request): Promise<Uint8Array> {
  const encoding = request.headers.get('content-encoding') ?? 'identity'
  if (encoding !== 'identity' && encoding !== 'gzip') {
    throw new IngestRefused('request_invalid', 'Content-Encoding must be gzip, or left out.')
  }
  const sent = await bytesOf(request, LARGEST_PIECE, tooLarge)
  return encoding === 'gzip' ? unpacked(sent) : sent
}

/** The bytes of a request as they are. Throws what `refusal` makes if there are more than `most`. */
export async function bytesOf(
  request: Request,
  most: number,
  refusal: () => IngestRefused,
): Promise<Buffer> {
  return readBody(request, most, refusal).catch((error: unknown) => refuseLong(error, refusal))
}

async function readBody(
  { body }: Request,
  most: number,
  refusal: () => IngestRefused,
): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let size = 0
  // The type of a body does not say that it can be iterated, as Node's can.
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.length
    // The rest is read and dropped: a sender that still sends would not see the answer.
    if (size <= most) chunks.push(chunk)
    else chunks.length = 0
  }
  if (size > most) throw refusal()
  return Buffer.concat(chunks)
}

/** The server in front ends a body that is longer than every piece, with an error of this status. */
function refuseLong(error: unknown, refusal: () => IngestRefused): never {
  const isLong = error instanceof Error && 'status' in error && error.status === 413
  throw isLong ? refusal() : error
}

async function unpacked(packed: Uint8Array): Promise<Uint8Array> {
  try {
    return await promisify(gunzip)(packed, { maxOutputLength: LARGEST_PIECE })
  } catch (error) {
    const isBig = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
    if (isBig) throw tooLarge()
    throw new IngestRefused('not_gzip', 'The body is not whole gzip data.')
  }
}

function tooLarge(): IngestRefused {
  const text = `A piece has at most ${LARGEST_PIECE} bytes after unpacking. Send fewer lines at once.`
  return new IngestRefused('piece_too_large', text)
}
