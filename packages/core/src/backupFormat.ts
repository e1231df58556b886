import { z } from 'zod'

/*
 * A backup is text that is compressed by gzip. Its lines:
 * - the header, as JSON;
 * - for each table: a line of JSON with its name and columns, the rows as COPY writes them, the
 *   line `\.`, and a line of JSON with the number and the SHA-256 of the rows;
 * - the trailer, as JSON. A cut file has none.
 */

/** The version of this format. A reader refuses a higher one. */
export const BACKUP_FORMAT = 1

/** The line after the rows of a table. COPY never writes it as a row. */
export const END_OF_ROWS = '\\.\n'

/** Who made a backup. */
export interface BackupOrigin {
  /** The version of Bestmark. */
  bestmark: string
  host: string
  host_id: string
}

/** The first line. A reader of another version can read these two fields. */
export const BackupBeginning = z.looseObject({ bestmark_backup: z.number(), bestmark: z.string() })

export const BackupHeader = z.object({
  bestmark_backup: z.literal(BACKUP_FORMAT),
  bestmark: z.string(),
  host: z.string(),
  host_id: z.uuid(),
  board_id: z.uuid(),
  /** By the database's clock (ms). */
  made_at: z.number(),
  /** The migrations of the board, in order. */
  migrations: z.array(z.string()).min(1),
})

export type BackupHeader = z.infer<typeof BackupHeader>

export const BackupTable = z.object({ table: z.string(), columns: z.array(z.string()).min(1) })

export type BackupTable = z.infer<typeof BackupTable>

export const BackupTableEnd = z.object({ rows: z.number(), sha256: z.string() })

const SequenceValue = z.object({ table: z.string(), column: z.string(), value: z.number() })

/** The last number that each identity column has used. */
export type SequenceValue = z.infer<typeof SequenceValue>

export const BackupTrailer = z.object({
  end: z.literal(true),
  sequences: z.array(SequenceValue),
  /** The SHA-256 of all lines of JSON before this one. */
  sha256: z.string(),
})

/** What a backup holds, for people. */
export interface BackupSummary {
  header: BackupHeader
  /** How many rows each table has. */
  tables: Record<string, number>
}

/** How far a backup was written, checked or loaded. */
export interface BackupProgress {
  table: string
  /** Bytes of rows so far, without compression. */
  bytes: number
}

/** A file cannot be restored; the message is a sentence for the person who named it. */
export class BackupUnusable extends Error {
  override readonly name = 'BackupUnusable'
}
