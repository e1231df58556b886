import { s3Address } from '@bestmark/core'
import { Failure } from '../failure.ts'
import { bucketAddress, usualRegion } from './address.ts'
import { Bucket } from './bucket.ts'
import { credentialsOf } from './credentials.ts'
import { S3Error } from './s3Error.ts'

/** A store did not let Bestmark read, which says nothing about what is in it. */
export class StoreUnread extends Failure {}

/** How often a request is sent, and how long it may take (s). */
const PATIENCE = {
  /** While many checkpoints are looked at. */
  look: { tries: 2, time_limit: 30 },
  /** While one is shipped. */
  ship: { tries: 6, time_limit: 300 },
}
/** A server that did not answer is not asked again for this time (ms): a run may name it a thousand times. */
const AWAY = 30_000

/** When a server did not answer, by its address. */
const away = new Map<string, { until: number; error: StoreUnread }>()
/** The regions of buckets that are not in the usual one. */
const regions = new Map<string, string>()

const NEVER = new AbortController().signal

/** An object or a prefix that a URI names, with its bucket. */
export interface Opened {
  bucket: Bucket
  key: string
}

/**
 * Works on what a URI of S3 names, with the usual variables, profile and endpoint of AWS. Throws
 * StoreUnread if the server does not answer or refuses, and the signal's reason.
 */
export async function withStore<T>(
  uri: string,
  work: (opened: Opened) => Promise<T>,
  {
    patience = 'look',
    signal = NEVER,
  }: { patience?: keyof typeof PATIENCE; signal?: AbortSignal } = {},
): Promise<T> {
  const { bucket: name, key } = s3Address(uri) ?? { bucket: '', key: '' }
  const isPlain = !key.split('/').some((part) => part === '.' || part === '..')
  if (name === '' || !isPlain) throw new StoreUnread(`${uri} names no object of a bucket.`)
  const endpoint = process.env['AWS_ENDPOINT_URL_S3'] ?? process.env['AWS_ENDPOINT_URL']
  const region = regions.get(name) ?? usualRegion()
  const place = { bucket: name, region, endpoint: endpoint || undefined }
  const address = bucketAddress(place)
  const held = away.get(address)
  if (patience === 'look' && held && held.until > Date.now()) throw held.error
  const credentials = await credentialsOf({}).catch((error: unknown) => {
    if (!(error instanceof Failure)) throw error
    throw new StoreUnread(`${uri} was not read. ${error.message}`, { cause: error })
  })
  const bucket = new Bucket({ address, region, credentials, ...PATIENCE[patience] }, signal)
  try {
    return await work({ bucket, key })
  } catch (cause) {
    if (!(cause instanceof S3Error)) throw cause
    if (cause.isOfRegion && cause.region !== null && cause.region !== region) {
      regions.set(name, cause.region)
      return withStore(uri, work, { patience, signal })
    }
    const server = endpoint ? new URL(endpoint).host : 'Amazon S3'
    const error = new StoreUnread(`${uri} was not read. ${whyUnread(cause, name, server)}`, {
      cause,
    })
    if (cause.status === 0) away.set(address, { until: Date.now() + AWAY, error })
    throw error
  }
}

/** Why a server did not let Bestmark read, and what to do. */
function whyUnread(error: S3Error, bucket: string, server: string): string {
  const { status, code, request, message } = error
  if (status === 0) return `${server} did not answer (${request}): ${message}`
  if (code === 'NoSuchBucket')
    return `${server} has no bucket ${bucket}. AWS_ENDPOINT_URL names another server.`
  if (error.isOfKeys)
    return `${server} does not accept the credentials (${code}). Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE.`
  if (error.isOfRegion) return `${bucket} is in another region. Set AWS_REGION.`
  if (status === 403)
    return `The credentials may not do this: ${request}. Allow s3:ListBucket and s3:GetObject on ${bucket}.`
  if (status === 412) return `${request} changed while it was read. Try again.`
  const detail = [`status ${status}`, code, message].filter(Boolean).join(', ')
  return `${server} answered ${request} with ${detail}.`
}
