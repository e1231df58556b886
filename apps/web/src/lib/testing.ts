import type { TrainingJobStatus } from '@bestmark/core'
import type { Delta } from './api.ts'

/** The status of a run that overfits, with the changes of a test. */
export function aStatus(change: Partial<TrainingJobStatus> = {}): TrainingJobStatus {
  return { ...STATUS, ...change }
}

/** A message about one job, without news beside its status. */
export function aDelta(revision: number): Delta {
  const { job_id } = STATUS
  const none = { series: [], deployments: [], checkpoints: false, logs: false, samples: false }
  return { job_id, revision, status: aStatus(), ...none }
}

const STATUS: TrainingJobStatus = {
  job_id: '6f1ed002-ab55-4a1f-9b1c-0d6f6d6f6d6f',
  name: 'moby',
  project: '',
  tags: [],
  note: '',
  status: 'running',
  progress: 0.684,
  current_step: 748,
  total_steps: 1100,
  current_epoch: 7.48,
  total_epochs: 11,
  started_at: null,
  updated_at: null,
  ended_at: null,
  eta_seconds: 21,
  loss: NaN,
  eval_loss: 2.3724,
  train_loss_at_eval: 1.401,
  perplexity: Infinity,
  loss_gap: 0.9714,
  loss_trend: 'rising',
  best_eval_loss: 2.2286,
  best_epoch: 5.1,
  best_step: 500,
  best_checkpoint_path: '/runs/moby/checkpoint-500',
  best_checkpoint_id: null,
  best_metric: 2.2286,
  best_metric_name: 'eval_loss',
  evaluations_without_improvement: 3,
  epochs_without_improvement: 2.4,
  selection_policy: 'as_declared',
  host: 'tower',
  output_dir: '/runs/moby',
  slurm: null,
  error: null,
  end_cause: null,
  archived_at: null,
  deleted_at: null,
}
