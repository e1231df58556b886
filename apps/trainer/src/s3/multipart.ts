import pLimit from 'p-limit'
import { openHandle } from '../files/runFile.ts'
import type { Bucket } from './bucket.ts'
import { decodedKey, DIGEST } from './objects.ts'
import { S3Error } from './s3Error.ts'
import { elements, textOf } from './xml.ts'

/** So many parts are sent at once; each is in memory. */
const AT_ONCE = 4
/** S3 allows no more parts. */
const MOST_PARTS = 10_000

/** A file that becomes one object. */
export interface Upload {
  path: string
  key: string
  bytes: number
  /** SHA-256 in hex. */
  digest: string
  /** The least size of a part. */
  part_bytes: number
}

/** An upload that was begun and not completed. */
export interface Unfinished {
  key: string
  id: string
  begun_at: number
}

interface Part {
  number: number
  bytes: number
  etag: string
}

/**
 * Uploads a file. If it has several parts, it goes on with an upload of the same key that was begun
 * earlier, and sends only the parts that this lacks. `progress` gets the bytes that are there.
 */
export async function uploadFile(
  bucket: Bucket,
  upload: Upload,
  progress: (bytes: number) => void,
): Promise<void> {
  const { path, key, bytes, digest, part_bytes } = upload
  if (bytes > part_bytes) return uploadParts(bucket, upload, progress)
  const body = await readPart(path, 0, bytes)
  await bucket.send({ method: 'PUT', key, headers: { [DIGEST]: digest }, body })
  progress(bytes)
}

async function uploadParts(
  bucket: Bucket,
  upload: Upload,
  progress: (bytes: number) => void,
): Promise<void> {
  const { path, key, bytes, digest } = upload
  const size = Math.max(upload.part_bytes, Math.ceil(bytes / MOST_PARTS))
  const begun = (await unfinishedUploads(bucket, key)).filter((one) => one.key === key)
  const newest = begun.sort((a, b) => b.begun_at - a.begun_at)[0]
  const id = newest?.id ?? (await beginUpload(bucket, key, digest))
  const there = new Map<number, Part>()
  for (const part of newest ? await listParts(bucket, key, id) : []) there.set(part.number, part)
  const sends = Array.from({ length: Math.ceil(bytes / size) }, (_, at) => async () => {
    const [number, from] = [at + 1, at * size]
    const length = Math.min(size, bytes - from)
    const found = there.get(number)
    const isThere = found?.bytes === length
    const etag = isThere
      ? found.etag
      : await sendPart(bucket, { key, id, number }, await readPart(path, from, length))
    progress(length)
    return { number, bytes: length, etag }
  })
  await completeUpload(bucket, { key, id }, await all(sends))
}

/** Runs a few at once. After an error no further one begins, and those that run are awaited. */
async function all<T>(works: readonly (() => Promise<T>)[]): Promise<T[]> {
  const limit = pLimit(AT_ONCE)
  const failed = new AbortController()
  const run = async (work: () => Promise<T>): Promise<T> => {
    failed.signal.throwIfAborted()
    return work().catch((error: unknown) => {
      failed.abort(error)
      throw error
    })
  }
  const ends = await Promise.allSettled(works.map((work) => limit(run, work)))
  failed.signal.throwIfAborted()
  return ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []))
}

async function readPart(path: string, from: number, bytes: number): Promise<Buffer> {
  await using file = await openHandle(path)
  const buffer = Buffer.alloc(bytes)
  const { bytesRead } = await file.read(buffer, 0, bytes, from)
  if (bytesRead !== bytes) throw new Error(`${path} became shorter while it was uploaded.`)
  return buffer
}

async function beginUpload(bucket: Bucket, key: string, digest: string): Promise<string> {
  const headers = { [DIGEST]: digest }
  const { body } = await bucket.send({ method: 'POST', key, query: { uploads: '' }, headers })
  const id = textOf(body.toString('utf8'), 'UploadId')
  if (id) return id
  throw new S3Error(`POST ${key}`, { status: 200, detail: 'It gave no id for an upload.' })
}

async function sendPart(
  bucket: Bucket,
  { key, id, number }: { key: string; id: string; number: number },
  body: Buffer,
): Promise<string> {
  const query = { partNumber: String(number), uploadId: id }
  const { headers } = await bucket.send({ method: 'PUT', key, query, body })
  return headers.get('etag') ?? ''
}

async function completeUpload(
  bucket: Bucket,
  { key, id }: Pick<Unfinished, 'key' | 'id'>,
  parts: readonly Part[],
): Promise<void> {
  const items = parts.map(
    ({ number, etag }) =>
      `<Part><PartNumber>${number}</PartNumber><ETag>${etag.replaceAll('"', '&quot;')}</ETag></Part>`,
  )
  const body = Buffer.from(`<CompleteMultipartUpload>${items.join('')}</CompleteMultipartUpload>`)
  await bucket.send({ method: 'POST', key, query: { uploadId: id }, body })
}

async function listParts(bucket: Bucket, key: string, id: string): Promise<Part[]> {
  const parts: Part[] = []
  let after: string | undefined = '0'
  while (after !== undefined) {
    const query: Record<string, string> = { uploadId: id, 'part-number-marker': after }
    const { body } = await bucket.send({ method: 'GET', key, query })
    const xml = body.toString('utf8')
    for (const part of elements(xml, 'Part')) {
      const [number, bytes] = [Number(textOf(part, 'PartNumber')), Number(textOf(part, 'Size'))]
      parts.push({ number, bytes, etag: textOf(part, 'ETag') ?? '' })
    }
    const isMore = textOf(xml, 'IsTruncated') === 'true'
    after = isMore ? textOf(xml, 'NextPartNumberMarker') : undefined
  }
  return parts
}

/** The uploads below a prefix that were begun and not completed. */
export async function unfinishedUploads(bucket: Bucket, prefix: string): Promise<Unfinished[]> {
  const found: Unfinished[] = []
  let marker: { key: string; id: string } | undefined
  do {
    const query = {
      ...{ uploads: '', 'encoding-type': 'url', prefix },
      ...(marker ? { 'key-marker': marker.key, 'upload-id-marker': marker.id } : {}),
    }
    const { body } = await bucket.send({ method: 'GET', query })
    const xml = body.toString('utf8')
    for (const one of elements(xml, 'Upload')) {
      const begun_at = Date.parse(textOf(one, 'Initiated') ?? '') || 0
      found.push({
        key: decodedKey(textOf(one, 'Key') ?? ''),
        id: textOf(one, 'UploadId') ?? '',
        begun_at,
      })
    }
    const [key, id] = [textOf(xml, 'NextKeyMarker'), textOf(xml, 'NextUploadIdMarker')]
    const isMore = textOf(xml, 'IsTruncated') === 'true' && key !== undefined && id !== undefined
    marker = isMore ? { key: decodedKey(key), id } : undefined
  } while (marker)
  return found
}

/** Ends an upload and frees the space of its parts. */
export async function abortUpload(bucket: Bucket, { key, id }: Unfinished): Promise<void> {
  try {
    await bucket.send({ method: 'DELETE', key, query: { uploadId: id } })
  } catch (error) {
    // It was completed or aborted meanwhile.
    if (!(error instanceof S3Error) || error.code !== 'NoSuchUpload') throw error
  }
}
