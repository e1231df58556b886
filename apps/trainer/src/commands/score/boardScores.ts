import { select, rowsFrom, type Selection } from '@bestmark/core'
import { jobStatus, selectionOf } from '@bestmark/db'
import { openExistingBoard, type Board } from '../../board/board.ts'
import { Failure, errorText } from '../../failure.ts'
import { importRun } from '../../recording/importRun.ts'
import { jobIdOf } from '../../recording/jobId.ts'
import { readRun } from '../../sources/readRun.ts'
import type { ReadRun } from '../../sources/reader/source.ts'

/** Which checkpoint of a run is best now; from the board if the run is on it. */
export interface RecordedSelection {
  selection: Selection
  /** Whether the board knows the run, and so its scores. */
  isOnBoard: boolean
}

/**
 * Records a run's scores if the run is on the board, and returns which checkpoint is best now. If
 * the board cannot be reached it throws a Failure, which says that the scores are kept.
 */
export async function recordScores(root: string): Promise<RecordedSelection> {
  const run = await readRun(root)
  const own = { selection: select({ policy: 'as_declared', ...rowsFrom(run.events) }) }
  try {
    await using board = await openExistingBoard()
    const job_id = board && (await jobOf(board, run))
    if (!board || job_id === undefined) return { ...own, isOnBoard: false }
    await importRun(board, run.root, {})
    const selection = (await selectionOf(board.db, job_id)) ?? own.selection
    return { selection, isOnBoard: true }
  } catch (cause) {
    if (!(cause instanceof Failure)) throw cause
    const why = `The scores are kept in the run's folder, but are not on the board: ${errorText(cause)}`
    throw new Failure(why, { cause })
  }
}

/** The id by which this machine's board knows a run; undefined where it does not. */
async function jobOf(board: Board, run: ReadRun): Promise<string | undefined> {
  const job_id = await jobIdOf(board, run)
  return (await jobStatus(board.db, job_id)) && job_id
}
