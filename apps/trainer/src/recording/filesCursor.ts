import { type Database, record, sourceCursor } from '@bestmark/db'
import { findSources, openRun } from '../sources/sources.ts'
import { writeCursor } from './attemptShift.ts'
import { folderId } from './folderId.ts'
import { nextPiece } from './piece.ts'
import { FILES_CURSOR, type RecordedRun } from './recordedRun.ts'

/**
 * Moves a job to the folder of a run: its events are read again there. The folder and its first
 * events are stored together, so that no reader sees paths of one folder below another.
 */
export async function moveFiles(
  db: Database,
  { job_id, folder: root }: Pick<RecordedRun, 'job_id' | 'folder'>,
): Promise<void> {
  const sources = await findSources(root)
  const { events, cursor } = await nextPiece(
    openRun(sources, { root, cursor: null, isOver: false }),
    '',
  )
  const moved_to = { output_dir: root, folder_id: await folderId(root) }
  const to = writeCursor({ shift: 0, cursor })
  for (;;) {
    const from = await sourceCursor(db, job_id, FILES_CURSOR)
    const batch = { source: FILES_CURSOR, from, to, events, replace: true, moved_to }
    if ((await record(db, job_id, batch)).recorded) return
  }
}
