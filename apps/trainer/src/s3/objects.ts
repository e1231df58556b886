import { createHash } from 'node:crypto'
import type { Bucket } from './bucket.ts'
import { isMissing, S3Error } from './s3Error.ts'
import { elements, textOf } from './xml.ts'

/** The header of an object with the SHA-256 of its bytes in hex. */
export const DIGEST = 'x-amz-meta-sha256'
/** How much is read in one request (bytes). */
const PIECE = 16 * 1024 ** 2

/** A complete object. */
export interface ObjectFacts {
  bytes: number
  /** The digest that it was uploaded with; null if another program uploaded it. */
  digest: string | null
}

/** What is stored under a key; undefined if nothing is. */
export async function findObject(bucket: Bucket, key: string): Promise<ObjectFacts | undefined> {
  const answer = await unlessMissing(bucket.send({ method: 'HEAD', key }))
  if (!answer) return undefined
  const { headers } = answer
  return { bytes: Number(headers.get('content-length')), digest: headers.get(DIGEST) }
}

/** An object as a list would show it; undefined if there is none. */
export async function objectAt(bucket: Bucket, key: string): Promise<ListedObject | undefined> {
  const answer = await unlessMissing(bucket.send({ method: 'HEAD', key }))
  if (!answer) return undefined
  const { headers } = answer
  return {
    key,
    bytes: Number(headers.get('content-length')),
    changed_at: Date.parse(headers.get('last-modified') ?? '') || 0,
    etag: headers.get('etag') ?? '',
  }
}

/** Reads an object of a known size; returns its SHA-256. Undefined if it does not exist. */
export async function objectDigest(
  bucket: Bucket,
  key: string,
  bytes: number,
): Promise<string | undefined> {
  const hash = createHash('sha256')
  for (let from = 0; from < bytes; from += PIECE) {
    const range = `bytes=${from}-${Math.min(from + PIECE, bytes) - 1}`
    const answer = await unlessMissing(bucket.send({ method: 'GET', key, headers: { range } }))
    if (!answer) return undefined
    hash.update(answer.body)
  }
  return hash.digest('hex')
}

/** A small object with the tag of its present version; undefined if there is none. */
export async function readSmall(
  bucket: Bucket,
  key: string,
): Promise<{ text: string; etag: string | null } | undefined> {
  const answer = await unlessMissing(bucket.send({ method: 'GET', key }))
  return answer && { text: answer.body.toString('utf8'), etag: answer.headers.get('etag') }
}

/** An object in a list. */
export interface ListedObject {
  key: string
  bytes: number
  /** When it was written (ms). */
  changed_at: number
  /** Changes with its content; empty if the server gave none. */
  etag: string
}

/** The keys of all complete objects with a prefix. */
export async function listKeys(bucket: Bucket, prefix: string): Promise<string[]> {
  return (await listObjects(bucket, prefix)).map(({ key }) => key)
}

/** All complete objects with a prefix. */
export async function listObjects(bucket: Bucket, prefix: string): Promise<ListedObject[]> {
  const objects: ListedObject[] = []
  let more: string | undefined
  do {
    const query = {
      ...{ 'list-type': '2', 'encoding-type': 'url', prefix },
      ...(more === undefined ? {} : { 'continuation-token': more }),
    }
    const { body } = await bucket.send({ method: 'GET', query })
    const xml = body.toString('utf8')
    for (const one of elements(xml, 'Contents')) objects.push(listed(one))
    more = textOf(xml, 'IsTruncated') === 'true' ? textOf(xml, 'NextContinuationToken') : undefined
  } while (more !== undefined)
  return objects
}

function listed(xml: string): ListedObject {
  return {
    key: decodedKey(textOf(xml, 'Key') ?? ''),
    bytes: Number(textOf(xml, 'Size')),
    changed_at: Date.parse(textOf(xml, 'LastModified') ?? '') || 0,
    etag: textOf(xml, 'ETag') ?? '',
  }
}

/** A key of a list that was asked for in the encoding of addresses. */
export function decodedKey(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '))
}

/** Undefined where an error says that the object does not exist. */
async function unlessMissing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer
  } catch (error) {
    // There is nothing at that range: the object is shorter.
    const isShort = error instanceof S3Error && error.status === 416
    if (isMissing(error) || isShort) return undefined
    throw error
  }
}
