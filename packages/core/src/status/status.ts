import { z } from 'zod'
import { Measured } from '../measuredSchema.ts'
import { EndCause } from '../run/endCause.ts'
import { SlurmJob } from '../slurm/slurmJob.ts'
import { JOB_STATES, POLICIES } from './states.ts'

export const JobState = z.enum(JOB_STATES)
export type JobState = z.infer<typeof JobState>

export const Trend = z.enum(['falling', 'flat', 'rising'])
export type Trend = z.infer<typeof Trend>

export const Policy = z.enum(POLICIES)
export type Policy = z.infer<typeof Policy>

const count = z.number().int().nonnegative()
const milliseconds = z.number()

/**
 * The public status of one training run, with the same field names in the database, the API and on
 * the page. `best_*` is the selected checkpoint, null until one can be shipped. `loss`,
 * `eval_loss`, `perplexity`, `loss_gap` and `loss_trend` are from the latest log and evaluation.
 * `progress` is 0..1, steps are completed optimiser steps. Times are milliseconds since the epoch,
 * null if the run does not log them. `slurm` is the Slurm job in which the run trains, or trained last.
 */
export const TrainingJobStatus = z.object({
  job_id: z.uuid(),
  name: z.string(),
  project: z.string(),
  tags: z.array(z.string()),
  note: z.string(),
  status: JobState,
  progress: z.number().min(0).max(1).nullable(),
  current_step: count.nullable(),
  total_steps: count.nullable(),
  current_epoch: z.number().nullable(),
  total_epochs: z.number().nullable(),
  started_at: milliseconds.nullable(),
  updated_at: milliseconds.nullable(),
  ended_at: milliseconds.nullable(),
  eta_seconds: z.number().nonnegative().nullable(),
  loss: Measured,
  eval_loss: Measured,
  train_loss_at_eval: Measured,
  perplexity: Measured,
  loss_gap: Measured,
  loss_trend: Trend.nullable(),
  best_eval_loss: Measured,
  best_epoch: z.number().nullable(),
  best_step: count.nullable(),
  best_checkpoint_path: z.string().nullable(),
  best_checkpoint_id: z.uuid().nullable(),
  best_metric: Measured,
  best_metric_name: z.string().nullable(),
  evaluations_without_improvement: count.nullable(),
  epochs_without_improvement: z.number().nullable(),
  selection_policy: Policy,
  host: z.string(),
  output_dir: z.string(),
  slurm: SlurmJob.nullable(),
  error: z.string().nullable(),
  end_cause: EndCause.nullable(),
  archived_at: milliseconds.nullable(),
  deleted_at: milliseconds.nullable(),
})
export type TrainingJobStatus = z.infer<typeof TrainingJobStatus>
