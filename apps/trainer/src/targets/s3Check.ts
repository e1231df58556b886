import { Failure } from '../failure.ts'
import type { DeliveryOrder } from './deliveryOrder.ts'
import type { OptionsOf } from './targetOptions.ts'
import { findObject, listKeys, objectDigest } from '../s3/objects.ts'
import { openPlace } from './s3Place.ts'
import { readPointer } from './s3Pointer.ts'
import { problemOf } from './s3Problems.ts'
import { S3Error } from '../s3/s3Error.ts'
import { versionOf } from './s3Target.ts'

type Shipped = Pick<DeliveryOrder, 'model_name' | 'deployment_id' | 'files'>

/** What a check found in a bucket: faults of the files, or what is live instead. */
export type BucketFound =
  | { state: 'same' | 'gone'; detail: string | null }
  | { state: 'not_current'; detail: string | null }
  | { state: 'differs'; faults: string[] }

/** Reads all objects of a shipped version, and which version is live. Throws a Failure. */
export async function checkBucket(
  options: OptionsOf<'s3'>,
  shipped: Shipped,
  signal: AbortSignal,
): Promise<BucketFound> {
  try {
    return await found(options, shipped, signal)
  } catch (cause) {
    if (!(cause instanceof S3Error)) throw cause
    throw new Failure(problemOf(cause, options), { cause })
  }
}

async function found(
  options: OptionsOf<'s3'>,
  shipped: Shipped,
  signal: AbortSignal,
): Promise<BucketFound> {
  const place = await openPlace(options, shipped.model_name, signal)
  const { bucket, prefix } = place
  const version = versionOf(shipped.files)
  const below = `${prefix}${version}`
  const keys = new Set(await listKeys(bucket, below))
  if (keys.size === 0) return { state: 'gone', detail: `${place.shown}${version}` }
  const faults: string[] = []
  for (const [name, digest] of Object.entries(shipped.files)) {
    const object = await findObject(bucket, `${below}${name}`)
    if (!object) faults.push(`${name} is missing`)
    else if ((await objectDigest(bucket, `${below}${name}`, object.bytes)) !== digest)
      faults.push(`${name} has other bytes`)
    keys.delete(`${below}${name}`)
  }
  for (const key of keys) faults.push(`${key.slice(below.length)} was added`)
  if (faults.length > 0) return { state: 'differs', faults }
  const live = (await readPointer(place))?.pointer
  if (live?.deployment_id === shipped.deployment_id) return { state: 'same', detail: null }
  return { state: 'not_current', detail: live?.version ?? null }
}
