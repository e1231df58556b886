import { type Database, record, sourceCursor } from '@bestmark/db'
import { FILES_CURSOR } from './recordedRun.ts'

/** A cursor that no reader wrote, so that the next one begins at the beginning. */
const NOWHERE = 'moved'

/** Takes back what was read of a job's files, which are read anew from another folder that holds them too. */
export async function resetFilesCursor(db: Database, job_id: string): Promise<void> {
  for (;;) {
    const from = await sourceCursor(db, job_id, FILES_CURSOR)
    if (from === null) return
    const batch = { source: FILES_CURSOR, from, to: NOWHERE, events: [], replace: true }
    if ((await record(db, job_id, batch)).recorded) return
  }
}
