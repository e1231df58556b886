import type { EventOf } from '@bestmark/core'
import { listCheckpoints, recordFacts, type CheckpointRow, type Database } from '@bestmark/db'
import { inspectCheckpoint } from './integrity.ts'

/**
 * Looks at the files of a job's checkpoints and records those whose state changed since they were
 * last seen; returns how many. Checkpoints whose path a later attempt took are left as they are.
 */
export async function sweepJob(
  db: Database,
  job: { job_id: string; root: string; source: string },
): Promise<number> {
  const rows = standing(await listCheckpoints(db, job.job_id))
  const stateFile = job.source === 'huggingface' ? 'trainer_state.json' : null
  const changed: EventOf<'files'>[] = []
  for (const row of rows) {
    const seen = await inspectCheckpoint(job.root, row.name, stateFile)
    if (seen.files_state === row.files_state && seen.files_why === row.files_why) continue
    const { attempt, step, name: path } = row
    changed.push({ type: 'files', attempt, at: null, step, path, ...seen })
  }
  if (changed.length > 0) await recordFacts(db, job.job_id, changed)
  return changed.length
}

/** The newest checkpoint of each path: what stands there now. */
function standing(rows: readonly CheckpointRow[]): CheckpointRow[] {
  const byPath = new Map<string, CheckpointRow>()
  for (const row of rows) {
    const other = byPath.get(row.name)
    if (!other || row.attempt > other.attempt) byPath.set(row.name, row)
  }
  return [...byPath.values()]
}
