import { Failure } from '../failure.ts'
import type { Bucket } from './bucket.ts'
import { S3Error } from './s3Error.ts'
import { withStore } from './store.ts'

/** The least that one request reads (bytes): headers of weights are read in many small pieces. */
const LEAST = 32 * 1024

/** Reads bytes of an object by requests for ranges, and keeps the last range. */
class ObjectReader {
  readonly #uri: string
  #held: { from: number; bytes: Buffer } = { from: 0, bytes: Buffer.alloc(0) }
  /** The version that the first request found; later ranges are of the same one. */
  #etag: string | null = null

  constructor(uri: string) {
    this.#uri = uri
  }

  async read(
    into: Buffer,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ bytesRead: number }> {
    const { from, bytes } = this.#held
    const isHeld = position >= from && position + length <= from + bytes.length
    if (!isHeld) await this.#fetch(position, Math.max(length, LEAST))
    const at = position - this.#held.from
    return { bytesRead: this.#held.bytes.copy(into, offset, at, at + length) }
  }

  async #fetch(from: number, length: number): Promise<void> {
    this.#held = { from, bytes: Buffer.alloc(0) }
    const range = { from, length, etag: this.#etag }
    const answer = await withStore(this.#uri, ({ bucket, key }) =>
      unlessBeyond(rangeOf(bucket, key, range)),
    )
    if (!answer) return
    this.#etag ??= answer.etag
    this.#held = { from, bytes: answer.bytes }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve()
  }
}

/** Opens an object by its URI, without a request. Reads throw StoreUnread. */
export function openObject(uri: string): ObjectReader {
  return new ObjectReader(uri)
}

/** Reads a small object. Throws StoreUnread, and a Failure if it is larger than `largest`. */
export async function bytesOfObject(uri: string, largest: number): Promise<Buffer> {
  const whole = { from: 0, length: largest + 1, etag: null }
  const answer = await withStore(uri, ({ bucket, key }) =>
    unlessBeyond(rangeOf(bucket, key, whole)),
  )
  const bytes = answer?.bytes ?? Buffer.alloc(0)
  if (bytes.length <= largest) return bytes
  throw new Failure(`${uri} is too large: at most ${largest} bytes can be read.`)
}

/** A range of an object. */
export interface Range {
  from: number
  length: number
  /** The version to read; null for any. Another one is S3Error 412. */
  etag: string | null
}

/** Reads a range of an object, shorter at its end. Throws S3Error. */
export async function rangeOf(
  bucket: Bucket,
  key: string,
  { from, length, etag }: Range,
): Promise<{ bytes: Buffer; etag: string | null; headers: Headers }> {
  const range = `bytes=${from}-${from + length - 1}`
  const headers = { range, ...(etag === null ? {} : { 'if-match': etag }) }
  const answer = await bucket.send({ method: 'GET', key, headers })
  // A server without ranges answers with the whole object.
  const isPart = answer.headers.has('content-range')
  const bytes = isPart ? answer.body : answer.body.subarray(from, from + length)
  return { bytes, etag: answer.headers.get('etag'), headers: answer.headers }
}

/** Undefined if an object has no byte at the beginning of a range. */
async function unlessBeyond<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof S3Error && error.status === 416) return undefined
    throw error
  }
}
