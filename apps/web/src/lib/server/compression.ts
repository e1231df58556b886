import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'

/** A shorter answer fits in one packet without compression. */
const WORTH_IT = 1_400

/** Types that are sent as a whole. A live stream is not, because its messages must leave at once. */
const WHOLE = /^(?:text\/(?:html|csv|plain|css)|application\/json|image\/svg\+xml)\b/

/** Much faster than the best quality, and almost as small. */
const QUICK = { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } }

const ENCODERS = {
  br: (body: Uint8Array) => promisify(brotliCompress)(body, QUICK),
  gzip: (body: Uint8Array) => promisify(gzip)(body),
}

/** The answer as its reader accepts it: in brotli, in gzip, or not compressed. */
export async function compressed(request: Request, answer: Response): Promise<Response> {
  const { body, headers, status, statusText } = answer
  const isWhole = WHOLE.test(headers.get('content-type') ?? '')
  if (!body || !isWhole || headers.has('content-encoding')) return answer
  const named = new Headers(headers)
  named.append('vary', 'accept-encoding')
  const plain = new Uint8Array(await answer.arrayBuffer())
  const encoding = encodingFor(request.headers.get('accept-encoding') ?? '')
  const small = plain.length < WORTH_IT
  const init = { status, statusText, headers: named }
  if (!encoding || small) return new Response(plain, init)
  const packed = await ENCODERS[encoding](plain)
  named.set('content-encoding', encoding)
  named.set('content-length', String(packed.length))
  return new Response(packed, init)
}

/** The best encoding that a reader accepts; one with `q=0` is refused. */
function encodingFor(accepted: string): keyof typeof ENCODERS | undefined {
  const names = accepted
    .split(',')
    .map((one) => one.trim().toLowerCase())
    .filter((one) => !/;\s*q=0(?:\.0*)?$/.test(one))
    .map((one) => one.split(';')[0]?.trim())
  return (['br', 'gzip'] as const).find((encoding) => names.includes(encoding))
}
