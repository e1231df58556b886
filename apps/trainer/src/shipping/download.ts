import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import type { SourceFile } from '../checkpoints/sourceFiles.ts'
import { Failure } from '../failure.ts'
import { rangeOf } from '../s3/objectReader.ts'
import { DIGEST } from '../s3/objects.ts'
import { type Opened, withStore } from '../s3/store.ts'

/** How much is asked for in one request (bytes), and how many requests wait at once. */
const PIECE = 8 * 1024 ** 2
const AT_ONCE = 4

/**
 * Downloads one object to a new file and flushes it to disk; returns the SHA-256 of its bytes. All pieces
 * are of one version of the object, and each is asked for again if the server fails. Throws StoreUnread,
 * and a Failure if the object has another size, version or checksum than it should.
 */
export async function downloadFile(
  file: SourceFile,
  to: string,
  progress: (bytes: number) => void,
  signal: AbortSignal,
): Promise<string> {
  const download = (opened: Opened) => downloadFrom(opened, file, { to, progress, signal })
  return withStore(file.from, download, { patience: 'ship', signal })
}

interface Download {
  to: string
  progress: (bytes: number) => void
  signal: AbortSignal
}

async function downloadFrom(
  opened: Opened,
  file: SourceFile,
  { to, progress, signal }: Download,
): Promise<string> {
  const { bucket, key } = opened
  // Asks for a checksum too, if the object was stored with one.
  const mode = { 'x-amz-checksum-mode': 'ENABLED' }
  const { headers } = await bucket.send({ method: 'HEAD', key, headers: mode })
  const [bytes, etag] = [Number(headers.get('content-length')), headers.get('etag')]
  if (bytes !== file.bytes || (file.etag && etag !== file.etag)) throw new ObjectChanged(file.from)
  const [sha256, md5] = [createHash('sha256'), createHash('md5')]
  let done = 0
  async function* counted(): AsyncGenerator<Buffer> {
    for await (const piece of piecesOf(opened, { bytes, etag })) {
      sha256.update(piece)
      md5.update(piece)
      done += piece.length
      progress(piece.length)
      yield piece
    }
  }
  await pipeline(counted, createWriteStream(to, { flags: 'wx', flush: true }), { signal })
  if (done !== bytes) throw new ObjectChanged(file.from)
  const digest = sha256.digest()
  assertChecksum(file.from, headers, { sha256: digest, md5: md5.digest('hex') })
  return digest.toString('hex')
}

class ObjectChanged extends Failure {
  constructor(uri: string) {
    super(
      `${uri} changed during the copy, so nothing was shipped. Ship it again when no program writes to it.`,
    )
  }
}

/** The pieces of an object in order; some are asked for ahead. */
async function* piecesOf(
  { bucket, key }: Opened,
  { bytes, etag }: { bytes: number; etag: string | null },
): AsyncGenerator<Buffer> {
  const waiting: Promise<{ bytes: Buffer }>[] = []
  try {
    for (let at = 0; at < bytes || waiting.length > 0;) {
      for (; at < bytes && waiting.length < AT_ONCE; at += PIECE) {
        const length = Math.min(PIECE, bytes - at)
        const piece = rangeOf(bucket, key, { from: at, length, etag })
        // The error is thrown when its turn comes.
        piece.catch(() => undefined)
        waiting.push(piece)
      }
      const next = await waiting.shift()
      if (next) yield next.bytes
    }
  } finally {
    // No request goes on after the copy has ended.
    await Promise.allSettled(waiting)
  }
}

/** Throws a Failure if a checksum of the store is not the one of the downloaded bytes. */
function assertChecksum(
  uri: string,
  headers: Headers,
  digests: { sha256: Buffer; md5: string },
): void {
  const stored = headers.get(DIGEST)
  // The checksum of an object in parts ends with their number, and is not one of all bytes.
  const checksum = headers.get('x-amz-checksum-sha256')
  const isOk = [
    stored === null || stored === digests.sha256.toString('hex'),
    checksum === null || checksum.includes('-') || checksum === digests.sha256.toString('base64'),
    md5Of(headers) === undefined || md5Of(headers) === digests.md5,
  ]
  if (isOk.every(Boolean)) return
  throw new Failure(
    `${uri} was damaged: its bytes do not have the checksum that it was stored with. Ship another checkpoint.`,
  )
}

/** The MD5 of an object; undefined if its tag is another one: of parts, or of encrypted bytes. */
function md5Of(headers: Headers): string | undefined {
  const isEncrypted =
    headers.has('x-amz-server-side-encryption-customer-algorithm') ||
    headers.get('x-amz-server-side-encryption')?.startsWith('aws:kms')
  return isEncrypted ? undefined : /^"([0-9a-f]{32})"$/.exec(headers.get('etag') ?? '')?.[1]
}
