import { setTimeout as sleep } from 'node:timers/promises'
import type { Database } from '@bestmark/db'
import { now } from './pace.ts'

/** How often the database is asked how far the runs are (ms): lags are at most so much too long. */
const LOOK = 100

/** When a run was first seen at a step. */
interface Sight {
  job_id: string
  step: number
  at: number
}

/** Looks how far runs are on the board. */
export class Observer {
  readonly #db: Database
  readonly #job_ids: readonly string[]
  readonly #steps = new Map<string, number>()
  readonly #sights: Sight[] = []

  constructor(db: Database, job_ids: readonly string[]) {
    this.#db = db
    this.#job_ids = job_ids
  }

  /** Waits until the first step of every run is on the board. */
  async untilAllBegan(): Promise<void> {
    while (this.#steps.size < this.#job_ids.length) {
      await this.#look()
      await sleep(LOOK)
    }
    this.#sights.length = 0
  }

  async watch(milliseconds: number): Promise<void> {
    if (this.#job_ids.length === 0) return sleep(milliseconds)
    for (const until = now() + milliseconds; now() < until; await sleep(LOOK)) await this.#look()
  }

  /** The time from each point's line to its first sight (ms); `written`: by job and step (ms). */
  lags(written: ReadonlyMap<string, readonly number[]>): number[] {
    const seen = new Map<string, number>()
    return this.#sights.flatMap(({ job_id, step, at }) => {
      const times = written.get(job_id) ?? []
      const from = seen.get(job_id)
      seen.set(job_id, step)
      // What is seen first may have been there for long.
      return from === undefined ? [] : times.slice(from + 1, step + 1).map((time) => at - time)
    })
  }

  async #look(): Promise<void> {
    const rows = await this.#db.sql<{ job_id: string; step: number | null }[]>`
      select job_id, current_step as step from training_jobs
      where job_id = any(${[...this.#job_ids]}::uuid[])`
    const at = now()
    for (const { job_id, step } of rows) {
      if (step === null || this.#steps.get(job_id) === step) continue
      this.#steps.set(job_id, step)
      this.#sights.push({ job_id, step, at })
    }
  }
}
