import { sql } from 'drizzle-orm'
import type {
  CheckpointKind,
  EndCause,
  FilesFault,
  FilesState,
  JobState,
  ServingFiles,
} from '@bestmark/core'
import {
  boolean,
  doublePrecision,
  index,
  integer,
  pgTable,
  primaryKey,
  text,
  uuid,
} from 'drizzle-orm/pg-core'
import { measured, milliseconds, plain, storableText } from './columns.ts'
import { jobId, revision, whole } from './keys.ts'

/** One row per start of the run: attempt 0, then one for each resume or rerun. */
export const attempts = pgTable(
  'attempts',
  {
    job_id: jobId(),
    attempt: integer().notNull(),
    /** The step from which the attempt resumed; null for a fresh start. */
    resumed_from: whole(),
    total_steps: whole(),
    started_at: milliseconds(),
    ended_at: milliseconds(),
    status: text().$type<JobState>(),
    error: storableText(),
    end_cause: plain().$type<EndCause>(),
    revision: revision(),
  },
  (row) => [primaryKey({ columns: [row.job_id, row.attempt] })],
)

/** How far each source of a job was read. */
export const sources = pgTable(
  'sources',
  {
    job_id: jobId(),
    source: storableText().notNull(),
    cursor: storableText().notNull(),
    revision: revision(),
  },
  (row) => [primaryKey({ columns: [row.job_id, row.source] })],
)

/** One metric measured at one (attempt, step). `repeat` 0 is the one that counts. */
export const evaluations = pgTable(
  'evaluations',
  {
    job_id: jobId(),
    attempt: integer().notNull(),
    step: whole().notNull(),
    metric: storableText().notNull(),
    repeat: integer().notNull(),
    value: measured(),
    epoch: doublePrecision(),
    at: milliseconds(),
    samples: whole(),
    origin_file: storableText(),
    origin_line: integer(),
    /** Who measured it after training; null if the run measured it. */
    scored_by: storableText(),
    /** The row's index among the job's evaluations, in order of arrival. */
    arrival: whole().notNull(),
    revision: revision(),
  },
  (row) => [
    primaryKey({ columns: [row.job_id, row.attempt, row.step, row.metric, row.repeat] }),
    index('evaluations_metric').on(row.job_id, row.metric, row.arrival),
  ],
)

/**
 * Files saved at a step; `path` is relative to the run's root. The id is made of (job, attempt,
 * step, path), so its key keeps each save once.
 */
export const checkpoints = pgTable(
  'checkpoints',
  {
    job_id: jobId(),
    checkpoint_id: uuid().notNull(),
    attempt: integer().notNull(),
    step: whole(),
    path: storableText().notNull(),
    epoch: doublePrecision(),
    saved_at: milliseconds(),
    role: storableText(),
    files_state: text().$type<FilesState>().notNull(),
    files_why: storableText(),
    files_fault: text().$type<FilesFault>(),
    bytes: whole(),
    checked_at: milliseconds(),
    kind: text().$type<CheckpointKind>(),
    /** The base model of an adapter. */
    base: storableText(),
    /** What serving needs of it; null in rows of older versions until they are inspected again. */
    serving: plain().$type<ServingFiles>(),
    /**
     * Sizes and times of the files at the last inspection, and their SHA-256 while those are
     * unchanged.
     */
    signature: storableText(),
    digest: storableText(),
    /** A person wants it kept. */
    pinned: boolean().notNull().default(false),
    /** A later save used the same path, so the files there are not this checkpoint. */
    overwritten: boolean().notNull().default(false),
    /**
     * The row's index among the job's checkpoints, in order of arrival. Null if it is kept although
     * the run's history no longer contains it.
     */
    arrival: whole(),
    revision: revision(),
  },
  (row) => [
    primaryKey({ columns: [row.job_id, row.checkpoint_id] }),
    // The index uses a digest: an entry must stay under 2.7 kB, and a path has no limit.
    index('checkpoints_path').on(row.job_id, sql`md5(${row.path})`),
    // The index shrinks as digests are computed.
    index('checkpoints_undigested')
      .on(row.job_id)
      .where(sql`digest is null and files_state = 'complete' and not overwritten`),
  ],
)
