import type { OptionsOf } from './targetOptions.ts'
import { bucketAddress, usualRegion } from '../s3/address.ts'
import { Bucket } from '../s3/bucket.ts'
import { credentialsOf } from '../s3/credentials.ts'

/** The place of a model in a bucket, and the bucket. */
export interface ModelPlace {
  bucket: Bucket
  /** What all keys of the model begin with; ends with a slash. */
  prefix: string
  /** The address of the model, as people read it. */
  shown: string
}

/** Opens the bucket of a target. Throws a Failure if there are no credentials. */
export async function openPlace(
  options: OptionsOf<'s3'>,
  model_name: string,
  signal: AbortSignal,
): Promise<ModelPlace> {
  const { tries, time_limit } = options
  const credentials = await credentialsOf(options)
  const region = options.region ?? usualRegion()
  const address = bucketAddress({ ...options, region })
  const reach = { address, region, credentials, tries, time_limit }
  const prefix = `${prefixOf(options)}${model_name}/`
  return { bucket: new Bucket(reach, signal), prefix, shown: `s3://${options.bucket}/${prefix}` }
}

/** The prefix of all models: empty, or with a slash at its end. */
function prefixOf({ prefix = '' }: Pick<OptionsOf<'s3'>, 'prefix'>): string {
  return prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`
}
