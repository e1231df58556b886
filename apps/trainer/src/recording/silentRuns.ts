import { databaseTime, endSilentJob, silentJobs, type Database } from '@bestmark/db'
import type { Patience } from '@bestmark/core'
import { statIfSeen } from '../files/runFile.ts'
import { readRunProcess } from '../processes/mark.ts'
import { isWrittenByOthers } from '../processes/tree.ts'
import { isAlive } from '../processes/alive.ts'

/**
 * Ends runs that are silent for too long: a run whose files no process of this machine holds open has
 * stopped; one whose folder cannot be seen is lost. They come back with their next word.
 */
export class SilentRuns {
  readonly #db: Database
  readonly #patience: Patience
  #since: number | undefined

  constructor(db: Database, patience: Patience) {
    this.#db = db
    this.#patience = patience
  }

  /** One look at these runs; silence counts from the first look on, and not while a process is known to live. */
  async endSilent(runs: Iterable<{ job_id: string; folder: string }>): Promise<void> {
    this.#since ??= await databaseTime(this.#db)
    const hearing = { patience: this.#patience, listening_since: this.#since }
    const folders = new Map([...runs].map(({ job_id, folder }) => [job_id, folder]))
    if (folders.size === 0) return
    for (const job_id of await silentJobs(this.#db, [...folders.keys()], hearing)) {
      const folder = folders.get(job_id)
      if (!folder || isTraining(folder) || isWrittenByOthers(folder, new Set())) continue
      const why = isLeft(folder) ? noNewLines : undefined
      await endSilentJob(this.#db, job_id, hearing, why)
    }
  }
}

/** Whether a folder is there, which no process of this machine writes to. Only Linux tells. */
function isLeft(folder: string): boolean {
  return process.platform === 'linux' && statIfSeen(folder) !== undefined
}

function noNewLines(heard_at: number): string {
  const [day, time = ''] = new Date(heard_at).toISOString().split('T')
  return `No new lines since ${day} ${time.slice(0, 5)} UTC.`
}

/** Whether the process that trains in a folder is known, and lives. */
export function isTraining(folder: string): boolean {
  const trains = readRunProcess(folder)
  return trains !== undefined && isAlive(trains)
}
