import { z } from 'zod'
import { type DeliveryOrder, NotDelivered } from './deliveryOrder.ts'
import type { S3Request } from '../s3/bucket.ts'
import { readSmall } from '../s3/objects.ts'
import type { ModelPlace } from './s3Place.ts'
import { S3Error } from '../s3/s3Error.ts'

/** The object that says which version of a model is live. Its keys are relative to the model. */
export const Pointer = z.looseObject({
  deployment_id: z.string(),
  /** When the shipment was ordered (ms). */
  created_at: z.number(),
  /** What the keys of the files begin with. */
  version: z.string(),
  /** The key of the manifest of the shipment. */
  manifest: z.string(),
  /** SHA-256 of each file, by its path below the version. */
  files: z.record(z.string(), z.string()),
})
export type Pointer = z.infer<typeof Pointer>

/** The name of the pointer below the model. */
const POINTER = 'current.json'
/** So often another writer may come first. */
const MOST_TRIES = 5

/** The pointer of a model and its tag; undefined if nothing is live there, or it is no pointer. */
export async function readPointer({ bucket, prefix }: ModelPlace) {
  const found = await readSmall(bucket, `${prefix}${POINTER}`)
  return found && { pointer: parsed(found.text), etag: found.etag }
}

function parsed(text: string): Pointer | undefined {
  try {
    return Pointer.safeParse(JSON.parse(text)).data
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/**
 * Makes a version live with one write, unless a later order is live. The write is refused if another
 * agent wrote first; then the pointer is read again. Throws NotDelivered if a later order is live.
 */
export async function switchPointer(
  place: ModelPlace,
  pointer: Pointer,
  { target }: Pick<DeliveryOrder, 'target'>,
): Promise<void> {
  for (let tried = 1; ; tried++) {
    const now = await readPointer(place)
    const live = now?.pointer
    if (live?.deployment_id === pointer.deployment_id) return
    if (live && live.created_at > pointer.created_at) {
      throw new NotDelivered(
        `${place.shown} of target ${target} already serves a checkpoint from a later order, so this one was not made live.`,
        null,
      )
    }
    try {
      return await writePointer(place, pointer, now?.etag)
    } catch (error) {
      const isLate = error instanceof S3Error && [409, 412].includes(error.status)
      if (!isLate || tried >= MOST_TRIES) throw error
    }
  }
}

/** `etag` is the one of the pointer to replace; undefined if there was none. */
async function writePointer(
  { bucket, prefix }: ModelPlace,
  pointer: Pointer,
  etag: string | null | undefined,
): Promise<void> {
  const body = Buffer.from(`${JSON.stringify(pointer, null, 2)}\n`)
  const headers = { 'content-type': 'application/json', 'cache-control': 'no-cache' }
  const request: S3Request = { method: 'PUT', key: `${prefix}${POINTER}`, headers, body }
  const only: Record<string, string> =
    etag === undefined ? { 'if-none-match': '*' } : etag === null ? {} : { 'if-match': etag }
  try {
    await bucket.send({ ...request, headers: { ...headers, ...only } })
  } catch (error) {
    // Some servers have no conditional writes.
    if (!(error instanceof S3Error) || error.code !== 'NotImplemented') throw error
    await bucket.send(request)
  }
}
