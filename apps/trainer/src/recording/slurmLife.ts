import { cancellable, type SlurmJob } from '@bestmark/core'
import { type Database, jobStatus } from '@bestmark/db'
import { isThere } from '../slurm/cancel.ts'
import { recordCause } from './causedEnd.ts'

/** How often Slurm is asked about a silent run (ms). */
const ASK_AGAIN = 15_000

/** What Slurm says of runs that are silent. */
export class SlurmLife {
  readonly #db: Database
  /** When Slurm said last that the job of a run lives (ms of `performance.now`). */
  readonly #livedAt = new Map<string, number>()

  constructor(db: Database) {
    this.#db = db
  }

  /**
   * Whether a silent run goes on because its Slurm job does, or has ended with it for a reason that is
   * recorded now. False if Slurm says nothing of it.
   */
  async knows(job_id: string): Promise<boolean> {
    if (performance.now() - (this.#livedAt.get(job_id) ?? -Infinity) < ASK_AGAIN) return true
    this.#livedAt.delete(job_id)
    const slurm = (await jobStatus(this.#db, job_id))?.slurm
    const lives = slurm ? await livesIn(slurm) : undefined
    if (lives === undefined) return false
    if (!lives) return recordCause(this.#db, job_id)
    this.#livedAt.set(job_id, performance.now())
    return true
  }
}

/**
 * Whether the Slurm job or step of a run lives; undefined if nobody can tell, such as in a job that does
 * more.
 */
async function livesIn(slurm: SlurmJob): Promise<boolean | undefined> {
  const target = cancellable(slurm)
  const isAlive = await isThere(target ?? slurm.job_id, slurm.cluster)
  return isAlive && target === null ? undefined : isAlive
}
