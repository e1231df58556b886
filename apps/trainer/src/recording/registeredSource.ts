import { type Database, placeJob } from '@bestmark/db'
import type { Source } from '../sources/reader/source.ts'
import { folderId } from './folderId.ts'
import type { RecordedRun } from './recordedRun.ts'

/** Stores the source of the run on the board, and whether the run can be stopped. */
export async function registerSource(
  db: Database,
  { job_id, folder: root, host_id }: RecordedRun,
  sources: readonly Source[],
  is_stoppable?: false,
): Promise<void> {
  if (host_id === undefined) return
  const source = sources[0]?.name ?? ''
  const folder_id = await folderId(root)
  const stoppable = is_stoppable === undefined ? {} : { is_stoppable }
  await placeJob(db, { job_id, root, host_id, source, folder_id, ...stoppable })
}
