import { crc32 } from 'node:zlib'
import { headerIn, type JournalHeader, readPiece } from '@bestmark/core'
import type { Database } from '../connection/client.ts'
import { jobRow } from '../jobs/jobs.ts'
import { registerJob } from '../jobs/registration.ts'
import { record, sourceCursor } from '../record/record.ts'
import { SENT } from '../rows/job.ts'
import { inferSampleSteps } from '../samples/sampleFiles.ts'
import type { JobRow } from '../schema.ts'
import { JobDeleted } from '../values/refused.ts'
import { uuidv5 } from '../values/uuid.ts'
import { IngestRefused } from './ingestRefused.ts'
import { type JournalOffset, readSentCursor, writeSentCursor } from './sentCursor.ts'

/** The longest journal that can be sent (bytes). */
export const LARGEST_JOURNAL = 4 * 2 ** 30

/** The one job, or the one project, that a sender is limited to; null for no limit. */
export interface SenderLimit {
  job_id: string | null
  project: string | null
}

/** Bytes of a job's journal. */
export interface SentPiece {
  bytes: Uint8Array
  /** How many bytes of the journal are before them. */
  offset: number
  /** The CRC-32 of the bytes before them; null if the sender does not say. */
  crc32: number | null
  /**
   * The journal began again, so all that was sent before is replaced: the CRC-32 of what the board
   * has of it.
   */
  replaces: number | null
  /** The machine and the folder of the run, for people. */
  host: string
  root: string
}

/** How far the board has the journal of a job. Throws IngestRefused if the sender may not send it. */
export async function sentOffset(
  db: Database,
  job_id: string,
  limit: SenderLimit,
): Promise<JournalOffset> {
  assertMaySend(limit, job_id, await jobRow(db, job_id))
  return offsetOf(await sourceCursor(db, job_id, SENT))
}

/**
 * Records the whole lines of a piece of a journal, if it begins where the last one ended; returns how
 * far the board has the journal then. So a piece that is sent again changes nothing. The first piece
 * puts its job on the board. Throws IngestRefused.
 */
export async function recordSent(
  db: Database,
  job_id: string,
  piece: SentPiece,
  limit: SenderLimit,
): Promise<JournalOffset> {
  assertMaySend(limit, job_id, await jobRow(db, job_id))
  const stored = await sourceCursor(db, job_id, SENT)
  const before = readSentCursor(stored)
  const replace = piece.offset === 0 && before.offset > 0 && piece.replaces === before.crc32
  const from = replace ? readSentCursor(null) : before
  if (piece.offset < from.offset) return offsetOf(stored)
  assertNext(piece, from)
  const read = readPiece(from, piece.bytes)
  if (read.bytes === 0) return offsetOf(stored)
  const offset = from.offset + read.bytes
  if (offset > LARGEST_JOURNAL) {
    const most = `${LARGEST_JOURNAL / 2 ** 30} GB`
    throw new IngestRefused('journal_too_large', `A journal that is sent has at most ${most}.`)
  }
  if (from.offset === 0) await register(db, job_id, piece, limit)
  const sum = crc32(piece.bytes.subarray(0, read.bytes), from.crc32)
  const to = writeSentCursor({ ...read.state, offset, crc32: sum })
  const batch = { source: SENT, from: stored, to, events: read.events, replace }
  const { cursor } = await record(db, job_id, batch).catch(refuseDeleted)
  if (read.events.some(({ type }) => type === 'sample' || type === 'checkpoint')) {
    await inferSampleSteps(db, job_id)
  }
  return offsetOf(cursor)
}

/** Throws IngestRefused unless a sender may send the journal of this job, and its files. */
export function assertMaySend(limit: SenderLimit, job_id: string, job: JobRow | undefined): void {
  if (limit.job_id !== null && limit.job_id !== job_id) {
    throw new IngestRefused('other_job', `This token is for the job ${limit.job_id} only.`)
  }
  if (!job) return
  assertProject(limit, job.project)
  if (job.deleted_at !== null) refuseDeleted(new JobDeleted(job))
  if (job.source === SENT) return
  const why = `Bestmark records "${job.name}" from its files on ${job.host}, so nothing is sent to it.`
  throw new IngestRefused('recorded_from_files', why)
}

function assertProject({ project }: SenderLimit, of: string): void {
  if (project === null || project === of) return
  const text = `This token is for the project "${project}" only, and the run is of "${of}".`
  throw new IngestRefused('other_project', text)
}

/** Throws IngestRefused unless a piece follows what the board has. */
function assertNext({ offset, crc32: sum }: SentPiece, at: JournalOffset): void {
  if (offset > at.offset) {
    const text = `The board has ${at.offset} bytes of this journal. Send it from there.`
    throw new IngestRefused('gap', text, { offset: at.offset, crc32: at.crc32 })
  }
  if (sum !== null && sum !== at.crc32) {
    const text =
      'The board has other bytes of this journal. If it began again, send it from its beginning with Bestmark-Replaces.'
    throw new IngestRefused('journal_differs', text, { offset: at.offset, crc32: at.crc32 })
  }
}

/** Puts the job of a journal on the board, by the header in its first piece. */
async function register(
  db: Database,
  job_id: string,
  { bytes, host, root }: SentPiece,
  limit: SenderLimit,
): Promise<void> {
  const header = headerIn(bytes)
  if (!header) {
    const text = 'The first line is not the header of a journal that this board can read.'
    throw new IngestRefused('not_a_journal', text)
  }
  if (header.job_id.toLowerCase() !== job_id) {
    throw new IngestRefused('other_journal', `This is the journal of the job ${header.job_id}.`)
  }
  const project = projectOf(header, limit)
  const { name, recipe } = header
  const host_id = uuidv5(job_id, `sent from ${host}`)
  const job = { job_id, host_id, host, root, name, project, recipe }
  await registerJob(db, { ...job, source: SENT, status: 'queued' }).catch(refuseDeleted)
}

/** A journal without a project belongs to that of its token. */
function projectOf({ project }: JournalHeader, limit: SenderLimit): string {
  if (project === '' && limit.project !== null) return limit.project
  assertProject(limit, project)
  return project
}

function refuseDeleted(error: unknown): never {
  if (error instanceof JobDeleted) throw new IngestRefused('job_deleted', error.message)
  throw error
}

function offsetOf(cursor: string | null): JournalOffset {
  const { offset, crc32: sum } = readSentCursor(cursor)
  return { offset, crc32: sum }
}
