/** A run that is being recorded. */
export interface RecordedRun {
  job_id: string
  /** Absolute path of the run's folder. */
  folder: string
  /** Whose files they are, where that is known. */
  host_id?: string
  /** Who records it started its program, so that whatever lies in its folder is of that. */
  isStartedHere?: boolean
  /** Hears what a person should know of how the run was read, once that is recorded. */
  onNotice?: ((text: string) => void) | undefined
}

/** The name under which a job keeps how far its files were read. */
export const FILES_CURSOR = 'files'
