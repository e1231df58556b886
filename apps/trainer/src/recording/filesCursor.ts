import { type Database, record, sourceCursor } from '@bestmark/db'
import { FILES_CURSOR } from './recordedRun.ts'

/** No reader writes this cursor, so the next reader starts at the beginning. */
const RESET = 'moved'

/** Removes the events of a job's files, which are then read again from another folder. */
export async function resetFilesCursor(db: Database, job_id: string): Promise<void> {
  for (;;) {
    const from = await sourceCursor(db, job_id, FILES_CURSOR)
    if (from === null) return
    const batch = { source: FILES_CURSOR, from, to: RESET, events: [], replace: true }
    if ((await record(db, job_id, batch)).recorded) return
  }
}
