import { listCheckpoints, record, SCORES, sourceCursor, type Database } from '@bestmark/db'
import type { RecordedRun } from './recordedRun.ts'
import { readerWarnings } from '../sources/events/newEvents.ts'
import { attachByAttempt, scoreEvents } from '../sources/scores/scoreEvents.ts'
import { readScores, scoresSize } from '../sources/scores/scoresFile.ts'

/**
 * Records new scores of a run after its checkpoints are recorded; returns whether there were any. If
 * the scores file became shorter, or a score was retracted, all scores are deleted and recorded
 * again. The run's own values stay, because its files are not read again.
 */
export async function recordScores(db: Database, run: RecordedRun): Promise<boolean> {
  const { job_id, folder } = run
  const cursor = await sourceCursor(db, job_id, SCORES)
  const offset = Number(cursor ?? 0)
  const size = scoresSize(folder)
  if (size === offset) return false
  const read = readScores(folder, offset)
  if (read.problem !== null) {
    run.onNotice?.(read.problem)
    return false
  }
  if (size < offset || (offset > 0 && read.retracts)) {
    const reset = { source: SCORES, from: cursor, to: '0', events: [], removes_scores: true }
    return (await record(db, job_id, reset)).recorded
  }
  if (read.offset === offset) return false
  const saved = await listCheckpoints(db, job_id)
  const checkpoints = saved.map(({ attempt, step, epoch, path }) => {
    return { attempt, step, epoch, path }
  })
  const attempt = saved.reduce((last, one) => Math.max(last, one.attempt), 0)
  const events = scoreEvents(attachByAttempt(read.scores, checkpoints), read, attempt)
  const batch = { source: SCORES, from: cursor, to: String(read.offset), events }
  const { recorded } = await record(db, job_id, batch)
  if (recorded) for (const text of readerWarnings(events)) run.onNotice?.(text)
  return recorded
}
