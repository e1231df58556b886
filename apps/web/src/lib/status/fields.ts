import { endCauseText, slurmJobText, type TrainingJobStatus } from '@bestmark/core'
import { UNKNOWN, count, delta, epochs, measure, percent } from '../figures.ts'
import { duration, exact } from '../times.ts'

/** One field of a job's status, as the page shows it. */
export interface StatusField {
  label: string
  /** Readings are beside the best checkpoint; every field is in the full table of its section. */
  section: 'progress' | 'reading' | 'best' | 'run'
  show: (status: TrainingJobStatus) => string
}

const TREND = { falling: '↘ falling', flat: '→ flat', rising: '↗ rising' } as const

/** An empty or missing text is shown as unknown. */
const word = (text: string | null) => text || UNKNOWN

/**
 * The label and text of each field of the status, in the order of the page. A new field of the
 * status does not compile until it has a line here.
 */
const STATUS_FIELDS = {
  status: { label: 'Status', section: 'progress', show: (s) => s.status },
  progress: { label: 'Progress', section: 'progress', show: (s) => percent(s.progress) },
  current_step: { label: 'Step', section: 'progress', show: (s) => count(s.current_step) },
  total_steps: { label: 'Total steps', section: 'progress', show: (s) => count(s.total_steps) },
  current_epoch: { label: 'Epoch', section: 'progress', show: (s) => epochs(s.current_epoch) },
  total_epochs: { label: 'Total epochs', section: 'progress', show: (s) => epochs(s.total_epochs) },
  eta_seconds: { label: 'Time left', section: 'progress', show: (s) => duration(s.eta_seconds) },
  started_at: { label: 'Started', section: 'progress', show: (s) => exact(s.started_at) },
  updated_at: { label: 'Updated', section: 'progress', show: (s) => exact(s.updated_at) },
  ended_at: { label: 'Ended', section: 'progress', show: (s) => exact(s.ended_at) },
  error: { label: 'Error', section: 'progress', show: (s) => word(s.error) },
  end_cause: {
    label: 'Ended by',
    section: 'progress',
    show: (s) => word(s.end_cause && endCauseText(s.end_cause)),
  },

  loss: { label: 'train loss', section: 'reading', show: (s) => measure(s.loss) },
  eval_loss: { label: 'eval loss', section: 'reading', show: (s) => measure(s.eval_loss) },
  train_loss_at_eval: {
    label: 'train loss at eval',
    section: 'reading',
    show: (s) => measure(s.train_loss_at_eval),
  },
  loss_gap: { label: 'loss gap', section: 'reading', show: (s) => delta(s.loss_gap) },
  perplexity: { label: 'perplexity', section: 'reading', show: (s) => measure(s.perplexity) },
  loss_trend: {
    label: 'eval trend',
    section: 'reading',
    show: (s) => (s.loss_trend === null ? UNKNOWN : TREND[s.loss_trend]),
  },
  evaluations_without_improvement: {
    label: 'evaluations since the best',
    section: 'reading',
    show: (s) => count(s.evaluations_without_improvement),
  },
  epochs_without_improvement: {
    label: 'epochs since the best',
    section: 'reading',
    show: (s) => epochs(s.epochs_without_improvement),
  },

  best_step: { label: 'Best step', section: 'best', show: (s) => count(s.best_step) },
  best_epoch: { label: 'Best epoch', section: 'best', show: (s) => epochs(s.best_epoch) },
  best_metric_name: {
    label: 'Deciding metric',
    section: 'best',
    show: (s) => word(s.best_metric_name),
  },
  best_metric: { label: 'Best value', section: 'best', show: (s) => measure(s.best_metric) },
  best_eval_loss: {
    label: 'Eval loss at the best',
    section: 'best',
    show: (s) => measure(s.best_eval_loss),
  },
  best_checkpoint_path: {
    label: 'Best checkpoint',
    section: 'best',
    show: (s) => word(s.best_checkpoint_path),
  },
  best_checkpoint_id: {
    label: 'Checkpoint id',
    section: 'best',
    show: (s) => word(s.best_checkpoint_id),
  },
  selection_policy: { label: 'Policy', section: 'best', show: (s) => s.selection_policy },

  name: { label: 'Name', section: 'run', show: (s) => s.name },
  project: { label: 'Project', section: 'run', show: (s) => word(s.project) },
  job_id: { label: 'Job', section: 'run', show: (s) => s.job_id },
  tags: { label: 'Tags', section: 'run', show: (s) => word(s.tags.join(', ')) },
  note: { label: 'Note', section: 'run', show: (s) => word(s.note) },
  archived_at: { label: 'Archived', section: 'run', show: (s) => exact(s.archived_at) },
  deleted_at: { label: 'Deleted', section: 'run', show: (s) => exact(s.deleted_at) },
  host: { label: 'Host', section: 'run', show: (s) => s.host },
  output_dir: { label: 'Folder', section: 'run', show: (s) => s.output_dir },
  slurm: { label: 'Slurm', section: 'run', show: (s) => word(s.slurm && slurmJobText(s.slurm)) },
} as const satisfies Record<keyof TrainingJobStatus, StatusField>

/** The lines of one section, as label and text. */
export function statusLines(status: TrainingJobStatus, section: StatusField['section']) {
  return Object.entries<StatusField>(STATUS_FIELDS)
    .filter(([, field]) => field.section === section)
    .map(([name, field]) => ({ name, label: field.label, text: field.show(status) }))
}

/** Whether a line has a value; a report leaves out the others. */
export function isKnown({ text }: { text: string }): boolean {
  return text !== UNKNOWN
}
