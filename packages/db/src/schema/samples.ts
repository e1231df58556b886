import type { ContentState, EventOf, SampleKind } from '@bestmark/core'
import { sql } from 'drizzle-orm'
import {
  doublePrecision,
  foreignKey,
  index,
  integer,
  pgTable,
  primaryKey,
  text,
  uuid,
} from 'drizzle-orm/pg-core'
import { bytea, milliseconds, storableText } from './columns.ts'
import { jobId, revision, whole } from './keys.ts'

/** A text, image or sound that the model made with the weights of one step. */
export const samples = pgTable(
  'samples',
  {
    job_id: jobId(),
    sample_id: uuid().notNull(),
    attempt: integer().notNull(),
    /** Null if only the epoch is known. */
    step: whole(),
    epoch: doublePrecision(),
    step_from: text().$type<EventOf<'sample'>['step_from']>().notNull(),
    prompt_index: integer().notNull(),
    prompt: storableText(),
    kind: text().$type<SampleKind>().notNull(),
    text: storableText(),
    /** Relative to the run's root. */
    path: storableText(),
    at: milliseconds(),
    content_state: text().$type<ContentState>().notNull(),
    /** What the content is, by its bytes. */
    media_type: text(),
    /** The size of the file; null before it was opened. */
    bytes: whole(),
    revision: revision(),
  },
  (row) => [
    primaryKey({ columns: [row.job_id, row.sample_id] }),
    index('samples_order').on(
      row.job_id,
      sql`coalesce(${row.step}, -1)`,
      row.attempt,
      row.prompt_index,
      row.sample_id,
    ),
    // The index is empty once every file was opened.
    index('samples_unread')
      .on(row.job_id)
      .where(sql`content_state = 'unread' or (step is null and epoch is not null)`),
  ],
)

/** The files of samples, apart from their rows, so that a list does not read them. */
export const sampleContents = pgTable(
  'sample_contents',
  { job_id: jobId(), sample_id: uuid().notNull(), content: bytea().notNull() },
  (row) => [
    primaryKey({ columns: [row.job_id, row.sample_id] }),
    // Equal files of a job are sent once.
    index('sample_contents_digest').on(row.job_id, sql`sha256(${row.content})`),
    foreignKey({
      columns: [row.job_id, row.sample_id],
      foreignColumns: [samples.job_id, samples.sample_id],
    }).onDelete('cascade'),
  ],
)
