import {
  type Direction,
  type EndCause,
  type JobState,
  type LossScale,
  NO_LOSSES,
  type Policy,
  type RunFacts,
  type StoredStatus,
  type PolicyOptions,
  type TrainingJobStatus,
} from '@bestmark/core'
import { sql } from 'drizzle-orm'
import type { PgColumnBuilderBase } from 'drizzle-orm/pg-core'
import {
  bigint,
  boolean,
  doublePrecision,
  index,
  integer,
  pgTable,
  text,
  uuid,
} from 'drizzle-orm/pg-core'
import { measured, milliseconds, plain, storableText } from './columns.ts'

const count = () => bigint({ mode: 'number' })

/**
 * Each field of TrainingJobStatus is a column or is marked as derived on read. A new field does not
 * compile until it is listed here.
 */
const statusColumns = {
  job_id: uuid().primaryKey(),
  name: storableText().notNull(),
  project: storableText().notNull(),
  tags: plain().$type<string[]>().notNull().default([]),
  note: storableText().notNull().default(''),
  status: text().$type<JobState>().notNull(),
  progress: 'derived',
  current_step: count(),
  total_steps: count(),
  current_epoch: doublePrecision(),
  total_epochs: doublePrecision(),
  started_at: milliseconds(),
  updated_at: milliseconds(),
  ended_at: milliseconds(),
  eta_seconds: 'derived',
  loss: measured(),
  eval_loss: measured(),
  train_loss_at_eval: measured(),
  perplexity: 'derived',
  loss_gap: 'derived',
  loss_trend: text().$type<NonNullable<TrainingJobStatus['loss_trend']>>(),
  best_eval_loss: measured(),
  best_epoch: doublePrecision(),
  best_step: count(),
  best_checkpoint_path: storableText(),
  best_checkpoint_id: uuid(),
  best_metric: measured(),
  best_metric_name: storableText(),
  evaluations_without_improvement: count(),
  epochs_without_improvement: 'derived',
  selection_policy: text().$type<Policy>().notNull().default('as_declared'),
  host: storableText().notNull(),
  output_dir: storableText().notNull(),
  slurm: 'derived',
  error: storableText(),
  end_cause: plain().$type<EndCause>(),
  archived_at: milliseconds(),
  deleted_at: milliseconds(),
} satisfies Record<keyof TrainingJobStatus, PgColumnBuilderBase | 'derived'>

/** What the tracker needs to continue, beside the fields of the status. */
const factColumns = {
  attempt: integer().notNull().default(0),
  attempt_started_at: milliseconds(),
  attempt_first_step: count().notNull().default(0),
  loss_unit: text().$type<RunFacts['loss_unit']>().notNull().default('unknown'),
  declared_metric: storableText(),
  declared_direction: text().$type<NonNullable<RunFacts['declared_direction']>>(),
  declared_by: storableText(),
  metric_is_inferred: boolean().notNull().default(false),
  save_steps: count(),
  loss_scale: plain().$type<LossScale>().notNull().default(NO_LOSSES),
  best_evaluation_epoch: doublePrecision(),
} satisfies Record<Exclude<keyof RunFacts, keyof StoredStatus>, PgColumnBuilderBase>

type Columns = {
  [
    Field in keyof typeof statusColumns as (typeof statusColumns)[Field] extends 'derived'
      ? never
      : Field
  ]: Exclude<(typeof statusColumns)[Field], 'derived'>
}

// Object.fromEntries loses the type of each key; `Columns` restores it.
const storedColumns = Object.fromEntries(
  Object.entries(statusColumns).filter(([, column]) => column !== 'derived'),
) as Columns

/** Running jobs come before ended ones. Time is negated, so that every key ascends. */
export const liveRank = sql<number>`(case when status in ('queued', 'starting', 'running', 'stopping') then 0 else 1 end)`
export const newestRank = sql<number>`(-coalesce(started_at, registered_at))`
/** Jobs without an eval_loss come last. */
export const bestRank = sql<number>`coalesce(best_eval_loss, 'Infinity'::float8)`

/** One row per job. Its lock orders all writes about the job. */
export const trainingJobs = pgTable(
  'training_jobs',
  {
    ...storedColumns,
    ...factColumns,
    host_id: uuid().notNull(),
    /**
     * Device, inode and birth time of the run's folder, to recognise it after a move. Null if the
     * file system does not provide them.
     */
    folder_id: text(),
    /** Which source reads the run. */
    source: storableText().notNull(),
    recipe: storableText(),
    /** Bestmark started it, so its agent or starter can stop it. */
    is_stoppable: boolean().notNull().default(false),
    config: plain().$type<Record<string, unknown>>().notNull().default({}),
    /** The configuration from files beside the log; `config` comes from the log itself. */
    setup_config: plain().$type<Record<string, unknown>>().notNull().default({}),
    /** Where the run runs: host, commit, versions. */
    environment: plain().$type<Record<string, unknown>>().notNull().default({}),
    /** The best checkpoint that the trainer recorded last. */
    claim: plain().$type<StoredClaim>(),
    /** Directions of metrics, as declared by whoever measured them. */
    metric_directions: plain().$type<Record<string, Direction>>().notNull().default({}),
    /** The options of `selection_policy`, and where the policy comes from. */
    policy_options: plain().$type<PolicyOptions>().notNull().default({}),
    policy_from: text().$type<PolicyFrom>().notNull().default('default'),
    /** Why the selected checkpoint is the best, as one sentence. */
    best_reason: storableText(),
    stop_requested_at: milliseconds(),
    /** When its series were thinned last, by the rule of the board. */
    points_removed_at: milliseconds(),
    /** When the run last logged, by the database's clock, and its usual time between log lines (ms). */
    last_logged_at: milliseconds(),
    cadence: doublePrecision(),
    registered_at: milliseconds().notNull(),
    /** The database's clock at the last write. */
    changed_at: milliseconds().notNull(),
    /** Orders the last writes of all jobs, for readers who follow every job. */
    board_revision: count().notNull().default(0),
    /** Raised by every write to the job; the others hold the revision that last touched each kind. */
    revision: count().notNull().default(0),
    series_revision: count().notNull().default(0),
    /** When the history was last recorded again. Points from before are invalid. */
    history_revision: count().notNull().default(0),
    checkpoints_revision: count().notNull().default(0),
    logs_revision: count().notNull().default(0),
    samples_revision: count().notNull().default(0),
    deployments_revision: count().notNull().default(0),
  },
  (job) => [
    index('training_jobs_host').on(job.host_id),
    // Every write changes the revision. With a summary of blocks a write does not change the row's
    // other indexes. With a tree it would, and the write of one point would be 5 times as long.
    index('training_jobs_written')
      .using('brin', job.board_revision)
      .with({ pages_per_range: 4, autosummarize: true }),
    index('training_jobs_name').on(job.name, job.job_id),
    index('training_jobs_newest').on(liveRank, newestRank, job.job_id),
    index('training_jobs_best').on(sql`(${bestRank})`, job.job_id),
    index('training_jobs_project').on(job.project, liveRank, newestRank, job.job_id),
  ],
)

/** Where a job's policy comes from: the job, its project, or the default. */
export type PolicyFrom = 'default' | 'project' | 'job'

export interface StoredClaim {
  path: string | null
  step: number | null
  metric: string | null
  /** As `measuredJson` writes it. */
  value: number | string | null
}

export type JobRow = typeof trainingJobs.$inferSelect
