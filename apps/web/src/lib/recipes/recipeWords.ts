import type { RecipeParameter } from '@bestmark/core'
import type { RunOrder } from '../api.ts'

/** What a field may have, in a few words. */
export function allowedText(parameter: RecipeParameter): string {
  switch (parameter.type) {
    case 'number':
    case 'integer':
      return `${parameter.minimum} to ${parameter.maximum}`
    case 'choice':
      return `${parameter.choices.join(', ')}`
    case 'text':
      return `at most ${parameter.longest} characters`
  }
}

/** What became of an order. */
export function orderText(order: RunOrder): string {
  const { state, error, has_job, is_resumed, slurm_job_id, waits_for } = order
  switch (state) {
    case 'queued':
      return is_resumed ? 'waits to go on' : 'waits'
    case 'starting':
      return 'starting'
    case 'submitted':
      return `waits in Slurm as job ${slurm_job_id}${waits_for ? `: ${waits_for}` : ''}`
    case 'started':
      return has_job ? 'started' : 'started; it has logged nothing yet'
    case 'ended':
      return 'its program has ended'
    case 'failed':
      return `not started: ${error ?? 'no reason is known'}`
    case 'cancelled':
      return 'taken out of the queue'
  }
}

/** The values of a run, as its owner writes them. */
export function valuesText(parameters: RunOrder['parameters']): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${name} ${value}`)
    .join(' · ')
}
