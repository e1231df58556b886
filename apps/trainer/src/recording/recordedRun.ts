/** A run that is being recorded. */
export interface RecordedRun {
  job_id: string
  /** Absolute path of the run's folder. */
  folder: string
  /** The host of the files, if known. */
  host_id?: string
  /** The recorder started the program, so all files in the folder belong to this run. */
  isStartedHere?: boolean
  /** Gets warnings for the user about how the run was read, after they are recorded. */
  onNotice?: ((text: string) => void) | undefined
}

/** The source name of the cursor for a job's files. */
export const FILES_CURSOR = 'files'
