import { select, rowsFrom, type Selection } from '@bestmark/core'
import { jobStatus, selectionOf } from '@bestmark/db'
import { openExistingBoard, type Board } from '../../board/board.ts'
import { Failure, errorText } from '../../failure.ts'
import { importRun } from '../../recording/importRun.ts'
import { jobIdOf } from '../../recording/jobId.ts'
import { readRun } from '../../sources/readRun.ts'
import type { ReadRun } from '../../sources/reader/source.ts'

/** The best checkpoint of a run now; from the board if the run is a job. */
export interface RecordedSelection {
  selection: Selection
  /** Whether the run and its scores are on the board. */
  isOnBoard: boolean
}

/**
 * Records a run's scores if the run is a job, and returns the best checkpoint now. Throws a Failure
 * if the board cannot be reached; its message says that the scores are kept.
 */
export async function recordScores(root: string): Promise<RecordedSelection> {
  const run = await readRun(root)
  const ofFiles = { selection: select({ policy: 'as_declared', ...rowsFrom(run.events) }) }
  try {
    await using board = await openExistingBoard()
    const job_id = board && (await jobOf(board, run))
    if (!board || job_id === undefined) return { ...ofFiles, isOnBoard: false }
    await importRun(board, run.root, {})
    const selection = (await selectionOf(board.db, job_id)) ?? ofFiles.selection
    return { selection, isOnBoard: true }
  } catch (cause) {
    if (!(cause instanceof Failure)) throw cause
    const why = `The scores are in the run's folder, but not on the board: ${errorText(cause)}`
    throw new Failure(why, { cause })
  }
}

/** The id of the run's job on the board; undefined if there is none. */
async function jobOf(board: Board, run: ReadRun): Promise<string | undefined> {
  const job_id = await jobIdOf(board, run)
  return (await jobStatus(board.db, job_id)) && job_id
}
