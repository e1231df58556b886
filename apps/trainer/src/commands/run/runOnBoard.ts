import type { RecordedRun } from '../../recording/recordedRun.ts'
import type { JoinedFolder } from './joinedFolder.ts'

/** A run of a program that is recorded. */
export interface RunOnBoard {
  run: RecordedRun
  name: string
  /** Set if the program chose its folder. */
  joined?: JoinedFolder | undefined
  /** The folder was found by its weights. The output of the program is the log. */
  isByWeights?: boolean
  /** Aborted if the run moves to another folder or job. */
  moved: AbortController
  following?: Promise<void>
}
