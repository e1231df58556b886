import type { EventOf, ReaderCode } from '@bestmark/core'
import { integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { bytea, milliseconds, storableText } from './columns.ts'
import { jobId, revision, whole } from './keys.ts'

/** The newest log lines of the run, until they are packed. `ordinal` counts the lines from 0. */
export const logs = pgTable(
  'logs',
  {
    job_id: jobId(),
    ordinal: whole().notNull(),
    attempt: integer().notNull(),
    step: whole(),
    at: milliseconds(),
    level: text().$type<EventOf<'log'>['level']>().notNull(),
    text: storableText().notNull(),
    /** What a note of the reader says; null for lines of the program. */
    code: text().$type<ReaderCode>(),
    revision: revision(),
  },
  (row) => [primaryKey({ columns: [row.job_id, row.ordinal] })],
)

/** Older log lines, packed. `ordinal` is that of the first line; there are no gaps in a chunk. */
export const logChunks = pgTable(
  'log_chunks',
  {
    job_id: jobId(),
    ordinal: whole().notNull(),
    count: integer().notNull(),
    /** The texts of the lines, and their other fields, both compressed. */
    texts: bytea().notNull(),
    fields: bytea().notNull(),
    /** How many lines have each level, so that a filter by level reads only chunks with such lines. */
    warnings: integer().notNull(),
    errors: integer().notNull(),
    samples: integer().notNull(),
    /** The ordinal of the last line that begins a traceback. */
    last_traceback: whole(),
    /** The characters of all lines of the job up to the end of this chunk. */
    characters: whole().notNull(),
    revision: revision(),
  },
  (row) => [primaryKey({ columns: [row.job_id, row.ordinal] })],
)
