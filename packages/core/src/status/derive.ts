import { isFiniteMeasure, type Measured } from '../measured.ts'
import { lossGap } from '../run/lossScale.ts'
import type { TrainingJobStatus } from './status.ts'
import type { StoredStatus } from './fields.ts'
import { slurmJobIn } from '../slurm/slurmJob.ts'
import type { RunFacts } from './tracker.ts'

/** The facts that are needed to derive the other fields. */
export type DerivedFrom = Pick<
  RunFacts,
  'attempt_started_at' | 'attempt_first_step' | 'loss_unit' | 'loss_scale' | 'best_evaluation_epoch'
> & { environment: Readonly<Record<string, unknown>> }

/**
 * A job's whole status, with time-dependent fields computed for `now` (milliseconds since the
 * epoch).
 */
export function deriveStatus(
  stored: StoredStatus,
  from: DerivedFrom,
  now: number,
): TrainingJobStatus {
  const { eval_loss } = stored
  return {
    ...stored,
    progress: progress(stored),
    eta_seconds: etaSeconds(stored, from, now),
    perplexity: perplexity(eval_loss, from.loss_unit),
    loss_gap: lossGap({ eval_loss, train_loss: stored.train_loss_at_eval }, from.loss_scale).value,
    epochs_without_improvement: epochsSince(stored, from),
    slurm: slurmJobIn(from.environment),
  }
}

function progress({ current_step, total_steps }: StoredStatus): number | null {
  if (current_step === null || !total_steps) return null
  return Math.min(1, current_step / total_steps)
}

/**
 * The time left at the mean speed of the current attempt. Null if the run is not running, or if it
 * was silent for longer than the time left.
 */
function etaSeconds(stored: StoredStatus, from: DerivedFrom, now: number): number | null {
  const { current_step, total_steps, status, updated_at } = stored
  const { attempt_started_at, attempt_first_step } = from
  if (status !== 'running' || current_step === null || total_steps === null) return null
  const done = current_step - attempt_first_step
  if (done <= 0 || attempt_started_at === null || updated_at === null) return null
  const secondsAStep = (updated_at - attempt_started_at) / 1000 / done
  const left = (total_steps - current_step) * secondsAStep - Math.max(0, now - updated_at) / 1000
  return left >= 0 ? left : null
}

/** exp(eval_loss), if the loss is in nats per token; overflow is Infinity. */
function perplexity(eval_loss: Measured, unit: DerivedFrom['loss_unit']): Measured {
  return unit === 'nats_per_token' && eval_loss !== null ? Math.exp(eval_loss) : null
}

function epochsSince(
  { current_epoch }: StoredStatus,
  { best_evaluation_epoch }: DerivedFrom,
): number | null {
  if (!isFiniteMeasure(current_epoch) || !isFiniteMeasure(best_evaluation_epoch)) return null
  return Math.max(0, current_epoch - best_evaluation_epoch)
}
