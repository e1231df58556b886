import { type Database, jobStatus, JobUnknown, registerJob } from '@bestmark/db'
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
  const job = await jobStatus(db, job_id)
  if (!job) throw new JobUnknown(job_id)
  const { name, project, status, host } = job
  const source = sources[0]?.name ?? ''
  const stored = { job_id, host, root, name, project, status, source, keeps_root: true }
  const folder_id = await folderId(root)
  if (host_id) await registerJob(db, { ...stored, folder_id, host_id, is_stoppable })
}
