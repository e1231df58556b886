import type { Database } from '@bestmark/db'
import { statusesOf } from './statuses.ts'

/** How long files that do not change count as recorded without a look at the job (ms). */
const FRESH = 60_000

/**
 * What a recorder saw when it last recorded all of a run. The database is asked for the run again only
 * if its files changed, or if another process wrote to its job, as seen in one query for all jobs.
 */
export class LastLook {
  readonly #db: Database
  readonly #job_id: string
  #seen: { files: string; write: string | undefined; at: number } | undefined
  /** The last write to the job before the recorder looks; undefined if unknown. */
  #write: string | undefined

  constructor(db: Database, job_id: string) {
    this.#db = db
    this.#job_id = job_id
  }

  /** Whether everything is recorded; `files` is a text that changes when the files do. */
  async isCurrent(files: string): Promise<boolean> {
    const seen = this.#seen
    const isChanged = seen !== undefined && seen.files !== files
    if (seen && !isChanged && performance.now() - seen.at < FRESH) return true
    this.#write = isChanged ? undefined : await statusesOf(this.#db).lastWrite(this.#job_id)
    if (!seen || isChanged || this.#write !== seen.write) return false
    this.#seen = { ...seen, at: performance.now() }
    return true
  }

  /** The recorder found nothing new with these files. */
  sawAll(files: string): void {
    this.#seen = { files, write: this.#write, at: performance.now() }
  }
}
