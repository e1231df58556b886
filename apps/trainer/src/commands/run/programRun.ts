import type { ErrorReporter } from '../../cli/errorReporter.ts'
import type { ProgressLine } from '../../cli/progressLine.ts'
import type { EarlierFiles } from './earlierFiles.ts'
import type { EarlierOutput } from './earlierOutput.ts'
import type { MissingPart } from './missing.ts'
import type { WrittenRuns } from './writtenRuns.ts'

/** The run of a program, before it is on a board. */
export interface ProgramRun {
  root: string
  name: string
  /** The user gave the name, so an existing job is renamed. */
  isNamed: boolean
  /** The project that the user gave. */
  project: string | undefined
  /** The id of a new job for it. */
  job_id: string
  /** Slurm started its job again, so it is a further attempt of `job_id`. */
  isRequeued: boolean
  /** The files in its folder before the program started. */
  earlier: EarlierFiles
  /** The user named no folder, so this one has only the program's output. */
  isOurs: boolean
  /** The user named it with --checkpoints, so the log may be in another folder. */
  isWeights: boolean
  cwd: string
}

/** A program that was started. */
export interface Started {
  pid: number
  /** The runs that it writes to other folders. */
  written: WrittenRuns
}

/** Receives events of a recording. */
export interface RecordingListener {
  errors: ErrorReporter
  line: ProgressLine | undefined
  /** A user stops the program on the board. */
  onStop: () => void
  /** A job is on the board. `isAnother`: it is not the earlier run of this folder. */
  onJob: (job_id: string, root: string, isAnother: boolean) => void
  /** All is recorded, but a part of the run in a folder was not found. */
  onMissing: (part: MissingPart, root: string) => void
  /** All of a job is recorded, and it seems to continue an earlier run that is another job. */
  onEarlier: (earlier: EarlierOutput, job_id: string) => void
}

/** Records or sends the run of a program while it works. */
export interface Recording {
  /**
   * After the program's end: handles the rest and returns whether all is on the board. Gives up if the
   * board does not answer, or when `hurried` aborts.
   */
  end: (hurried: AbortSignal) => Promise<boolean>
  /** What to do if the board has only a part of the runs in some folders. */
  leftText: (folders: readonly string[]) => string
}
