import { createHash } from 'node:crypto'
import { JOURNAL_START, readPiece, type TrainingEvent } from '@bestmark/core'
import type { Database } from '../connection/client.ts'
import { jobRow } from '../jobs/jobs.ts'
import { record, SCORES, sourceCursor } from '../record/record.ts'
import { IngestRefused } from './ingestRefused.ts'
import { assertMaySend, type SenderLimit } from './sentJournal.ts'

/** The SHA-256 of the scores that were sent to a job last; null for none. Throws IngestRefused. */
export async function sentScores(
  db: Database,
  job_id: string,
  limit: SenderLimit,
): Promise<string | null> {
  assertMaySend(limit, job_id, await jobRow(db, job_id))
  return sourceCursor(db, job_id, SCORES)
}

/**
 * Replaces the scores of a sent job by those in the lines; returns their SHA-256. The same lines again
 * change nothing. Everything else in the lines is left out. Throws IngestRefused.
 */
export async function recordSentScores(
  db: Database,
  job_id: string,
  lines: Uint8Array,
  limit: SenderLimit,
): Promise<string> {
  const job = await jobRow(db, job_id)
  assertMaySend(limit, job_id, job)
  if (!job) {
    const text = 'The board has nothing of this job. Send its journal first.'
    throw new IngestRefused('gap', text, { offset: 0, crc32: 0 })
  }
  const to = createHash('sha256').update(lines).digest('hex')
  const from = await sourceCursor(db, job_id, SCORES)
  if (from === to) return to
  // The lines have no header, so they begin with the second line of a journal.
  const { events } = readPiece({ ...JOURNAL_START, line: 1 }, lines)
  const scores = events.filter(isScore)
  const batch = { source: SCORES, from, to, events: scores, removes_scores: true }
  const { cursor } = await record(db, job_id, batch)
  return cursor ?? to
}

function isScore(event: TrainingEvent): boolean {
  return event.type === 'evaluation' && event.scored_by !== null
}
