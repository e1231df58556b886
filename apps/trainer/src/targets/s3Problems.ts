import type { OptionsOf } from './targetOptions.ts'
import type { S3Error } from '../s3/s3Error.ts'

/** What a shipment to a bucket needs to be allowed. */
const NEEDED =
  's3:ListBucket, s3:ListBucketMultipartUploads, s3:GetObject, s3:PutObject, s3:DeleteObject, ' +
  's3:ListMultipartUploadParts and s3:AbortMultipartUpload'

/** Says why an S3 server did not take something, and what to do. */
export function problemOf(error: S3Error, options: OptionsOf<'s3'>): string {
  const { status, code, request, tried } = error
  const { bucket } = options
  const times = tried > 1 ? ` It was tried ${tried} times.` : ''
  if (status === 0)
    return `${serverOf(options)} did not answer (${request}): ${error.message}${times} Ship it again; what was uploaded is kept.`
  if (code === 'NoSuchBucket')
    return `There is no bucket ${bucket}. Create it, or correct \`bucket\` in targets.yaml.`
  if (code === 'RequestTimeTooSkewed')
    return `The clock of this machine differs from the server's${skewText(error)}. Set the clock and ship again.`
  if (error.isOfKeys)
    return `The server does not accept the credentials (${code}). Check ${keysOf(options)}.`
  if (error.isOfRegion) return regionText(error, options)
  if (status === 403)
    return `The credentials may not do this: ${request}. Allow ${NEEDED} on ${bucket}.`
  const answer = [`status ${status}`, code].filter(Boolean).join(', ')
  const detail = error.message ? `: ${error.message.replace(/\.?$/, '.')}` : '.'
  const advice = error.isForNow ? ' Ship it again; what was uploaded is kept.' : ''
  return `${serverOf(options)} answered ${request} with ${answer}${detail}${times}${advice}`
}

function serverOf({ endpoint }: OptionsOf<'s3'>): string {
  return endpoint === undefined ? 'Amazon S3' : new URL(endpoint).host
}

function keysOf({ profile, access_key_env, secret_key_env }: OptionsOf<'s3'>): string {
  if (profile !== undefined) return `profile ${profile} in the file of credentials`
  if (access_key_env !== undefined && secret_key_env !== undefined)
    return `the variables ${access_key_env} and ${secret_key_env} of the agent`
  return 'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY of the agent, or its profile'
}

function skewText({ answered_at }: S3Error): string {
  if (answered_at === null) return ''
  return ` by ${Math.round(Math.abs(Date.now() - answered_at) / 60_000)} minutes`
}

function regionText({ region }: S3Error, { bucket }: OptionsOf<'s3'>): string {
  const where = region === null ? 'another region' : `region ${region}`
  return `The bucket ${bucket} is in ${where}. Correct \`region\` in targets.yaml.`
}
