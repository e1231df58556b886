import {
  databaseTime,
  endSilentJob,
  endSilentSent,
  isSilentNow,
  type Logged,
  resolveHome,
  silentJobs,
  type Database,
} from '@bestmark/db'
import type { Patience } from '@bestmark/core'
import { statIfSeen } from '../files/runFile.ts'
import { isTrainedElsewhere, readRunProcess } from '../processes/mark.ts'
import { isWrittenByOthers } from '../processes/tree.ts'
import { isAlive } from '../processes/alive.ts'
import { SlurmLife } from './slurmLife.ts'

/** A run, and how it logged, if that is known without asking the database. */
interface ListenedRun {
  job_id: string
  folder: string
  logged?: Logged
}

/**
 * Ends runs that are silent for too long, and that no known process of this machine writes. A run has
 * stopped if its folder can be reached; it is lost if not, or if a process of another machine trained
 * it, since nobody here can see that process. Slurm may say more of it. A new line makes it run again.
 */
export class SilentRuns {
  readonly #db: Database
  readonly #patience: Patience
  readonly #slurm: SlurmLife
  #since: number | undefined

  constructor(db: Database, patience: Patience) {
    this.#db = db
    this.#slurm = new SlurmLife(db)
    this.#patience = patience
  }

  /** Ends the silent ones of the jobs whose journals are sent to the board, from any machine. */
  async endSilentSent(): Promise<void> {
    this.#since ??= await databaseTime(this.#db)
    await endSilentSent(this.#db, { patience: this.#patience, listening_since: this.#since })
  }

  /**
   * Ends the silent ones of these runs. Time counts from the first call, and only without a running
   * process. The database is asked only about runs that may be silent.
   */
  async endSilent(runs: Iterable<ListenedRun>): Promise<void> {
    this.#since ??= await databaseTime(this.#db)
    const limit = { patience: this.#patience, listening_since: this.#since }
    const silent = [...runs].filter(({ folder, logged }) => {
      return (!logged || isSilentNow(logged, limit)) && !isTraining(folder)
    })
    const folders = new Map(silent.map(({ job_id, folder }) => [job_id, folder]))
    if (folders.size === 0) return
    for (const job_id of await silentJobs(this.#db, [...folders.keys()], limit)) {
      const folder = folders.get(job_id)
      if (!folder || isInUse(folder) || (await this.#slurm.knows(job_id))) continue
      const isSeen = statIfSeen(folder) !== undefined && !isTrainedElsewhere(folder)
      const why = isSeen ? noNewLines : undefined
      await endSilentJob(this.#db, job_id, limit, why)
    }
  }
}

/** How an ended run says that nothing followed its last log line (ms). */
export function noNewLines(last_line_at: number): string {
  const [day, time = ''] = new Date(last_line_at).toISOString().split('T')
  return `No new lines since ${day} ${time.slice(0, 5)} UTC.`
}

/** Whether a process of this machine has a file of the folder open for writing. False if unknown. */
export function isInUse(folder: string): boolean {
  return isWrittenByOthers(folder, new Set(), resolveHome())
}

/** Whether the process that trains in a folder is known and runs. */
export function isTraining(folder: string): boolean {
  const run = readRunProcess(folder)
  return run !== undefined && isAlive(run)
}
