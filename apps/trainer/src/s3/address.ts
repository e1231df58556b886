/** Where a bucket is. Left out facts are those of Amazon S3. */
export interface BucketPlace {
  bucket: string
  region: string
  endpoint?: string | undefined
  /** Whether the bucket is in the path of addresses, not in the name of the host. */
  path_style?: boolean | undefined
}

/**
 * The address of the bucket's root. The bucket is in the path at other servers than Amazon's by
 * default, and if its name has a dot, because no certificate has such a name.
 */
export function bucketAddress({ bucket, region, endpoint, path_style }: BucketPlace): string {
  const url = new URL(endpoint ?? `https://s3.${region}.amazonaws.com`)
  const path = url.pathname.replace(/\/+$/, '')
  const isInPath = path_style ?? (endpoint !== undefined || bucket.includes('.'))
  if (isInPath) return `${url.origin}${path}/${bucket}`
  return `${url.protocol}//${bucket}.${url.host}${path}`
}

/** The region that the usual variables name. */
export function usualRegion(env: NodeJS.ProcessEnv = process.env): string {
  return env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION'] ?? 'us-east-1'
}
