/** One of several trainings whose logs are in one folder. */
export interface Part {
  /** A word that distinguishes it from the others, in the name of its run. */
  label: string
  /** Paths of its logs, in reading order. */
  files: string[]
}
