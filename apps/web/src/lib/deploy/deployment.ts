import { bytesText, DEFAULT_TARGET, waitsForApproval } from '@bestmark/core'
import type { Deployment } from '../api.ts'

import { checkpointName } from '../checkpoint/ranking.ts'

/** The place of a model: `models/chat` or `hub/chat`. */
export function modelPlace(target: string, model_name: string): string {
  return `${target === DEFAULT_TARGET ? 'models' : target}/${model_name}`
}

/** The state of a deployment in words. */
export function deploymentWords(deployment: Deployment): string {
  const { status, bytes_done, bytes_total, error, target, withdrawn_by } = deployment
  if (waitsForApproval(deployment)) return 'waits for the approval of a second person'
  if (status === 'queued') return 'waiting for the agent on the host of the files'
  const bytes = `, ${bytesText(bytes_done)} of ${bytesText(bytes_total)}`
  if (status === 'copying') return `copying${bytes}`
  if (status === 'verifying') return `comparing the copy with the original${bytes}`
  if (status === 'delivering') return `delivering it to ${target}`
  if (status === 'withdrawn') return withdrawn_by ? `withdrawn by ${withdrawn_by}` : 'withdrawn'
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
  return ['queued', 'copying', 'verifying', 'delivering'].includes(status)
}
