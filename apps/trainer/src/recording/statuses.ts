import type { TrainingJobStatus } from '@bestmark/core'
import { jobStatuses, type Database } from '@bestmark/db'

/** An answer serves everybody who asks within so long (ms). */
const FRESH = 500
/** Jobs that nobody asked about for so long are not asked for any more (ms). */
const FORGOTTEN = 30_000

interface Answer {
  at: number
  jobs: Promise<ReadonlyMap<string, TrainingJobStatus>>
}

/** How the followed jobs stand, in one query for all of them. */
export class Statuses {
  readonly #db: Database
  readonly #asked = new Map<string, number>()
  #answer: Answer | undefined

  constructor(db: Database) {
    this.#db = db
  }

  /** How a job stood at some moment after `since` (performance.now()); undefined where it is gone. */
  async of(job_id: string, since: number): Promise<TrainingJobStatus | undefined> {
    const now = performance.now()
    const isAsked = this.#asked.has(job_id)
    this.#asked.set(job_id, now)
    const isFresh = this.#answer && now - this.#answer.at < FRESH && this.#answer.at > since
    const answer = isAsked && isFresh && this.#answer ? this.#answer : this.#ask(now)
    return (await answer.jobs).get(job_id)
  }

  #ask(now: number): Answer {
    for (const [job_id, at] of this.#asked) {
      if (now - at > FORGOTTEN) this.#asked.delete(job_id)
    }
    const jobs = jobStatuses(this.#db, [...this.#asked.keys()])
    const answer = { at: now, jobs }
    this.#answer = answer
    // Who asks next asks anew.
    jobs.catch(() => {
      if (this.#answer === answer) this.#answer = undefined
    })
    return answer
  }
}

const known = new WeakMap<Database, Statuses>()

/** The one that all who follow runs with this database share. */
export function statusesOf(db: Database): Statuses {
  const statuses = known.get(db) ?? new Statuses(db)
  known.set(db, statuses)
  return statuses
}
