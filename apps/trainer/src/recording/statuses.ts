import type { TrainingJobStatus } from '@bestmark/core'
import { jobStatuses, type Database } from '@bestmark/db'

/** An answer is shared by all callers within this time (ms). */
const FRESH = 500
/** A job is dropped from the query after this time without a caller (ms). */
const FORGOTTEN = 30_000

interface Answer {
  at: number
  jobs: Promise<ReadonlyMap<string, TrainingJobStatus>>
}

/** The statuses of all followed jobs, read in one query. */
export class Statuses {
  readonly #db: Database
  readonly #followed = new Map<string, number>()
  #answer: Answer | undefined

  constructor(db: Database) {
    this.#db = db
  }

  /** A job's status, read after `since` (performance.now()); undefined if the job is gone. */
  async of(job_id: string, since: number): Promise<TrainingJobStatus | undefined> {
    const now = performance.now()
    const isFollowed = this.#followed.has(job_id)
    this.#followed.set(job_id, now)
    const isFresh = this.#answer && now - this.#answer.at < FRESH && this.#answer.at > since
    const answer = isFollowed && isFresh && this.#answer ? this.#answer : this.#ask(now)
    return (await answer.jobs).get(job_id)
  }

  #ask(now: number): Answer {
    for (const [job_id, at] of this.#followed) {
      if (now - at > FORGOTTEN) this.#followed.delete(job_id)
    }
    const jobs = jobStatuses(this.#db, [...this.#followed.keys()])
    const answer = { at: now, jobs }
    this.#answer = answer
    // After an error, the next caller asks again.
    jobs.catch(() => {
      if (this.#answer === answer) this.#answer = undefined
    })
    return answer
  }
}

const shared = new WeakMap<Database, Statuses>()

/** The one instance per database. */
export function statusesOf(db: Database): Statuses {
  const statuses = shared.get(db) ?? new Statuses(db)
  shared.set(db, statuses)
  return statuses
}
