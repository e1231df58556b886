import type { Database } from '../connection/client.ts'
import type { JobRow } from '../schema.ts'
import { SharedSteps } from './sharedSteps.ts'
import { MeasuredNames, type Position, type Step, stepFrom } from './step.ts'

/** A follower of jobs: it gets the id of a changed job, and the error that ended the feed. */
export interface Follower {
  wake(job_id: string): void
  fail(error: unknown): void
}

/** One job for all its readers in this process; its row is read once for all of them. */
export class JobFeed {
  readonly followers = new Set<Follower>()
  /** Those readers that wait until the row is read again. */
  readonly asking = new Set<Follower>()
  /** When the row was read (ms of `performance.now`). */
  readAt = -Infinity
  readonly #db: Database
  readonly #measured = new MeasuredNames()
  readonly #steps = new SharedSteps()
  #row: JobRow | undefined

  constructor(db: Database) {
    this.#db = db
  }

  get revision(): number {
    return this.#row?.revision ?? 0
  }

  /** Takes a row that was read, and wakes all readers if it is newer. */
  show(row: JobRow): void {
    const isNewer = row.revision > this.revision
    if (isNewer) {
      this.#row = row
      this.#steps.clear()
    }
    const woken = [...(isNewer ? this.followers : this.asking)]
    this.asking.clear()
    for (const follower of woken) follower.wake(row.job_id)
  }

  /**
   * The step that a reader does not have; undefined if it is up to date, or if no row was read yet.
   */
  stepFrom(position: Position): Promise<Step> | undefined {
    const row = this.#row
    if (!row || row.revision <= position.revision) return undefined
    return this.#steps.get(position.key, () => stepFrom(this.#db, row, position, this.#measured))
  }
}
