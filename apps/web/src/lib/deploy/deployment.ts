import { bytesText } from '@bestmark/core'
import type { Deployment } from '../api.ts'

import { checkpointName } from '../checkpoint/ranking.ts'

/** Valid model names: they become folders. Browsers compile the pattern of a field with the flag `v`. */
export const MODEL_NAME = /^[a-z0-9][a-z0-9._\-]{0,63}$/v

/** The same rule in words. */
export const MODEL_NAME_RULE =
  'Lower-case letters, digits, “.”, “_” and “-”. At most 64 characters. Begins with a letter or digit.'

/** A valid model name made from the name of a job. */
export function modelNameOf(job: string): string {
  const plain = job
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '')
  return plain.slice(0, 64) || 'model'
}

/** The state of a deployment in words. */
export function deploymentWords({ status, bytes_done, bytes_total, error }: Deployment): string {
  if (status === 'queued') return 'waiting for the agent on the host of the files'
  if (status === 'copying') return `copying, ${bytesText(bytes_done)} of ${bytesText(bytes_total)}`
  if (status === 'verifying') return 'comparing the copy with the original'
  if (status === 'elsewhere') return 'shipped by another board'
  return status === 'done' ? 'shipped' : `failed: ${error ?? 'no reason was given'}`
}

/** What happens to the model that is live under the same name. */
export function besideWords(checkpoint_id: string, current: Deployment | undefined): string {
  if (!current) return ''
  if (current.checkpoint_id === checkpoint_id) return ', as it is now'
  return `; ${checkpointName({ step: current.step, path: current.path })} is kept`
}

/** Whether a deployment is not finished yet. */
export function isMoving({ status }: Deployment): boolean {
  return status === 'queued' || status === 'copying' || status === 'verifying'
}
