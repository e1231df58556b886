import type { TrainingJobStatus } from './status.ts'

/**
 * The origin of each status field: `registered` with the job, `tracked` from the run's events by the
 * reducer, `selected` with the best checkpoint, `intended` by a person, `derived` on reading, because
 * a stored value would become stale.
 */
export const FIELD_ORIGIN = {
  job_id: 'registered',
  name: 'registered',
  project: 'registered',
  tags: 'intended',
  note: 'intended',
  status: 'tracked',
  progress: 'derived',
  current_step: 'tracked',
  total_steps: 'tracked',
  current_epoch: 'tracked',
  total_epochs: 'tracked',
  started_at: 'tracked',
  updated_at: 'tracked',
  ended_at: 'tracked',
  eta_seconds: 'derived',
  loss: 'tracked',
  eval_loss: 'tracked',
  train_loss_at_eval: 'tracked',
  perplexity: 'derived',
  loss_gap: 'derived',
  loss_trend: 'tracked',
  best_eval_loss: 'selected',
  best_epoch: 'selected',
  best_step: 'selected',
  best_checkpoint_path: 'selected',
  best_checkpoint_id: 'selected',
  best_metric: 'selected',
  best_metric_name: 'selected',
  evaluations_without_improvement: 'tracked',
  epochs_without_improvement: 'derived',
  selection_policy: 'intended',
  host: 'registered',
  output_dir: 'registered',
  slurm: 'derived',
  error: 'tracked',
  end_cause: 'tracked',
  archived_at: 'intended',
  deleted_at: 'intended',
} as const satisfies Record<
  keyof TrainingJobStatus,
  'registered' | 'tracked' | 'selected' | 'intended' | 'derived'
>

/** The fields of one origin. */
export type FieldOf<Kind> = {
  [Field in keyof typeof FIELD_ORIGIN]: (typeof FIELD_ORIGIN)[Field] extends Kind ? Field : never
}[keyof typeof FIELD_ORIGIN]

/** The stored fields; all others are derived from them when read. */
export type StoredStatus = Omit<TrainingJobStatus, FieldOf<'derived'>>
