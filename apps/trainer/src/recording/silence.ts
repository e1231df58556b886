import { databaseTime, loseSilent, silentJobs, type Database } from '@bestmark/db'
import type { Patience } from '@bestmark/core'
import { readRunProcess } from '../processes/mark.ts'
import { isAlive } from '../processes/alive.ts'

/** Calls runs lost that are silent for too long; they come back with their next word. */
export class Listening {
  readonly #db: Database
  readonly #patience: Patience
  #since: number | undefined

  constructor(db: Database, patience: Patience) {
    this.#db = db
    this.#patience = patience
  }

  /** One look at these runs; silence counts from the first look on, and not while a process is known to live. */
  async loseSilent(runs: Iterable<{ job_id: string; folder: string }>): Promise<void> {
    this.#since ??= await databaseTime(this.#db)
    const hearing = { patience: this.#patience, listening_since: this.#since }
    const folders = new Map([...runs].map(({ job_id, folder }) => [job_id, folder]))
    if (folders.size === 0) return
    for (const job_id of await silentJobs(this.#db, [...folders.keys()], hearing)) {
      const folder = folders.get(job_id)
      if (folder && !isTraining(folder)) await loseSilent(this.#db, job_id, hearing)
    }
  }
}

/** Whether the process that trains in a folder is known, and lives. */
export function isTraining(folder: string): boolean {
  const process = readRunProcess(folder)
  return process !== undefined && isAlive(process)
}
