import { type Audience, audienceOf, type Database } from '@bestmark/db'

/** The least time between the beginnings of two writes of a job that nobody follows (ms). */
export const GATHERED = 1_500
/** From so many new bytes on nothing is gathered, because points no longer trickle. */
const MANY = 1 << 16

/**
 * Gathers what a run logs while nobody follows its job. A commit costs about 1 kB of the
 * write-ahead log, however few points it has.
 */
export class Gathering {
  readonly #audience: Audience
  readonly #job_id: string
  #written = { at: -Infinity, bytes: 0 }

  constructor(db: Database, job_id: string) {
    this.#audience = audienceOf(db)
    this.#job_id = job_id
  }

  /** Something was written, from this time on (ms of `performance.now`) when the files had this size. */
  wrote(bytes: number, at: number): void {
    this.#written = { at, bytes }
  }

  /** How long the next write may wait (whole ms), if the run's files have this size. */
  left(bytes: number): number {
    const left = Math.ceil(this.#written.at + GATHERED - performance.now())
    const isMuch = Math.abs(bytes - this.#written.bytes) > MANY
    return isMuch || left <= 0 || this.isFollowed ? 0 : left
  }

  get isFollowed(): boolean {
    return this.#audience.isFollowed(this.#job_id)
  }

  /** A signal that aborts with the given one, as soon as somebody follows the job, and by `end`. */
  arrival(signal: AbortSignal): { signal: AbortSignal; end: () => void } & Disposable {
    const arrived = new AbortController()
    const end = (): void => arrived.abort('a reader came')
    const listener = this.#audience.onArrival(this.#job_id, end)
    return {
      signal: AbortSignal.any([signal, arrived.signal]),
      end,
      [Symbol.dispose]: () => listener[Symbol.dispose](),
    }
  }
}
