import { jobsOfFolder } from '@bestmark/db'
import type { Board } from '../board/board.ts'
import { findSharedFolder } from '../sources/sharedFolders.ts'
import { compareHistory } from './history.ts'

/**
 * The job that already holds all of the history in a further root, because its log had another name
 * in the shared folder when it was recorded. Undefined for any other root.
 */
export async function findRenamedLogJob(
  { db, host_id }: Pick<Board, 'db' | 'host_id'>,
  root: string,
): Promise<string | undefined> {
  const folder = await findSharedFolder(root)
  if (folder === undefined) return undefined
  if ((await jobsOfFolder(db, host_id, { root, folder_id: null })).length > 0) return undefined
  for (const job of await jobsOfFolder(db, host_id, { root: folder, folder_id: null })) {
    const match = await compareHistory(db, job, root)
    const isAll = match.kind === 'all' && match.isExact
    // A job whose log is still there under its own name is that of the folder's first training.
    if (isAll && (await compareHistory(db, job, folder)).kind === 'another') return job.job_id
  }
  return undefined
}
