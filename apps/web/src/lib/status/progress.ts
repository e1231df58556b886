import { lastLine, type TrainingJobStatus } from '@bestmark/core'
import { count, epochs, UNKNOWN } from '../figures.ts'
import { duration } from '../times.ts'

/** The progress of a job in a few words, by its state. */
export function progressWords(status: TrainingJobStatus): string {
  const { status: state, eta_seconds, error, current_step } = status
  if (state === 'queued' || state === 'starting') return 'waiting for its first step'
  if (state === 'failed') return lastLine(error) || failedWords(current_step)
  if (state === 'stopped')
    return current_step === null
      ? 'stopped before its first step'
      : `stopped at step ${count(current_step)}`
  if (state === 'stopping') return 'writing a last checkpoint'
  if (state === 'lost') return 'no contact with its host'
  if (state === 'completed') return lengthWords(status)
  if (eta_seconds === null) return stepWords(status)
  return eta_seconds < 1 ? 'about to end' : `${duration(eta_seconds)} left`
}

function failedWords(step: number | null): string {
  return step === null ? 'failed before its first step' : `failed at step ${count(step)}`
}

/** The current step, and the total if it is known: step 748 of 1,100. */
export function stepWords({ current_step, total_steps }: TrainingJobStatus): string {
  if (current_step === null) return 'no step yet'
  const all = total_steps === null ? '' : ` of ${count(total_steps)}`
  return `step ${count(current_step)}${all}`
}

function lengthWords({ current_epoch, current_step }: TrainingJobStatus): string {
  if (current_epoch !== null && current_epoch >= 1) {
    const text = epochs(current_epoch)
    return `${text} ${text === '1' ? 'epoch' : 'epochs'}`
  }
  return current_step === null ? 'nothing logged' : `${count(current_step)} steps`
}

/**
 * How many evaluations ago the best was: 3 evals ago, or latest. Empty without a best, because the
 * count is then that of an evaluation whose checkpoint cannot be used.
 */
export function sinceWords({
  evaluations_without_improvement: since,
  best_step,
}: TrainingJobStatus): string {
  if (since === null || best_step === null) return ''
  if (since === 0) return 'latest'
  return `${count(since)} ${since === 1 ? 'eval' : 'evals'} ago`
}

/** Why a job has no best, in a few words: it has evaluations, or nothing was evaluated. */
export function noBestWords({ evaluations_without_improvement }: TrainingJobStatus): string {
  return evaluations_without_improvement === null ? UNKNOWN : 'no usable checkpoint'
}
