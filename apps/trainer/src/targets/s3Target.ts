import { join } from 'node:path'
import { stat } from 'node:fs/promises'
import { checkpointDigest } from '../checkpoints/digest.ts'
import {
  type Delivered,
  type DeliveryOrder,
  type DeliverySteps,
  NotDelivered,
} from './deliveryOrder.ts'
import type { OptionsOf } from './targetOptions.ts'
import { abortUpload, unfinishedUploads, uploadFile } from '../s3/multipart.ts'
import { findObject, objectDigest } from '../s3/objects.ts'
import { type ModelPlace, openPlace } from './s3Place.ts'
import { type Pointer, switchPointer } from './s3Pointer.ts'
import { problemOf } from './s3Problems.ts'
import { S3Error } from '../s3/s3Error.ts'

/** An older unfinished upload is abandoned: the longest delivery is a day (ms). */
const ABANDONED = 86_400_000

/**
 * Uploads a version below a prefix that is named by its digest, checks it there, and then writes the
 * one small object that says which version is live. So a version that was uploaded before, completely
 * or in part, is not uploaded again. Throws NotDelivered.
 */
export async function uploadVersion(
  options: OptionsOf<'s3'>,
  order: DeliveryOrder,
  steps: DeliverySteps,
): Promise<Delivered> {
  const place = await openPlace(options, order.model_name, steps.signal)
  const version = versionOf(order.files)
  try {
    const sent = await putFiles(place, version, { options, order }, steps.progress)
    if (options.read_back) await readBack(place, version, order)
    const manifest = await putManifest(place, order, steps.manifest)
    await steps.assertOurs()
    await switchPointer(place, pointerOf(order, { version, manifest }), order)
    const all = Object.keys(order.files).length
    const text = `${place.shown}${version} is live; ${sent} of ${all} files were uploaded.`
    return { output: [text, await abortAbandoned(place)].filter(Boolean).join(' ') }
  } catch (error) {
    if (!(error instanceof S3Error)) throw error
    // What may be accepted later goes on where it stopped, when it is shipped again.
    const after = error.isForNow ? '' : await abortBelow(place, version)
    const why = problemOf(error, options)
    throw new NotDelivered(`Target ${order.target} did not take it. ${why}${after}`, null)
  }
}

/** What the keys of a version begin with, below its model. */
export function versionOf(files: Readonly<Record<string, string>>): string {
  return `versions/${checkpointDigest(new Map(Object.entries(files)))}/`
}

interface Sending {
  options: OptionsOf<'s3'>
  order: DeliveryOrder
}

/** Uploads the files that the bucket lacks; returns how many those were. */
async function putFiles(
  place: ModelPlace,
  version: string,
  { options, order }: Sending,
  progress: (bytes: number) => void,
): Promise<number> {
  let [sent, done] = [0, 0]
  for (const [name, digest] of Object.entries(order.files)) {
    const path = join(order.folder, name)
    const { size: bytes } = await stat(path)
    const key = `${place.prefix}${version}${name}`
    const upload = { path, key, bytes, digest, part_bytes: options.part_mib * 1024 ** 2 }
    if (!(await isThere(place, upload))) {
      await uploadAgain(place, upload, (more) => progress((done += more)))
      sent++
    } else progress((done += bytes))
  }
  return sent
}

type Sent = Parameters<typeof uploadFile>[1]

async function isThere({ bucket }: ModelPlace, { key, bytes, digest }: Sent): Promise<boolean> {
  const found = await findObject(bucket, key)
  return found?.bytes === bytes && found.digest === digest
}

/** Uploads a file, a second time if its unfinished upload was ended by another program. */
async function uploadAgain(
  place: ModelPlace,
  upload: Sent,
  progress: (bytes: number) => void,
): Promise<void> {
  try {
    await uploadFile(place.bucket, upload, progress)
  } catch (error) {
    if (!(error instanceof S3Error) || error.code !== 'NoSuchUpload') throw error
    // The answer that it is complete may have been lost.
    if (!(await isThere(place, upload))) await uploadFile(place.bucket, upload, () => undefined)
  }
}

/** Reads every object of a version. One with other bytes is removed. Throws NotDelivered. */
async function readBack(place: ModelPlace, version: string, order: DeliveryOrder): Promise<void> {
  for (const [name, digest] of Object.entries(order.files)) {
    const key = `${place.prefix}${version}${name}`
    const { size } = await stat(join(order.folder, name))
    if ((await objectDigest(place.bucket, key, size)) === digest) continue
    await place.bucket.send({ method: 'DELETE', key })
    throw new NotDelivered(
      `Target ${order.target} gave other bytes back for ${name}, so nothing was made live. The object was removed. Ship it again.`,
      null,
    )
  }
}

/** Keeps the evidence of each shipment; returns its key below the model. */
async function putManifest(
  { bucket, prefix }: ModelPlace,
  { deployment_id }: DeliveryOrder,
  facts: DeliverySteps['manifest'],
): Promise<string> {
  const manifest = `shipments/${deployment_id}.json`
  const text = JSON.stringify(facts, null, 2)
  const headers = { 'content-type': 'application/json' }
  const body = Buffer.from(`${text}\n`)
  await bucket.send({ method: 'PUT', key: `${prefix}${manifest}`, headers, body })
  return manifest
}

function pointerOf(
  { folder: _, ...facts }: DeliveryOrder,
  keys: Pick<Pointer, 'version' | 'manifest'>,
): Pointer {
  return { ...facts, ...keys }
}

/** Ends uploads to a model that nobody goes on with. Returns a sentence if that failed. */
async function abortAbandoned(place: ModelPlace): Promise<string> {
  const before = Date.now() - ABANDONED
  return abortWhere(place, 'versions/', ({ begun_at }) => begun_at < before)
}

async function abortBelow(place: ModelPlace, version: string): Promise<string> {
  const text = await abortWhere(place, version, () => true)
  return text && ` ${text}`
}

async function abortWhere(
  { bucket, prefix }: ModelPlace,
  below: string,
  isAborted: (upload: { begun_at: number }) => boolean,
): Promise<string> {
  try {
    for (const upload of await unfinishedUploads(bucket, `${prefix}${below}`))
      if (isAborted(upload)) await abortUpload(bucket, upload)
    return ''
  } catch (error) {
    if (!(error instanceof S3Error)) throw error
    return `Unfinished uploads below ${prefix}${below} could not be ended: ${error.message}`
  }
}
