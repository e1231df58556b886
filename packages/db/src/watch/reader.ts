import type { Follower } from './jobFeed.ts'

/**
 * One reader: which of its jobs have changes, and whether it has ended. It queries nothing while
 * nobody takes its changes, so a stalled reader costs no more than this object.
 */
export class Reader implements Follower, Disposable {
  /** Jobs with changes, in order of arrival. */
  readonly due = new Set<string>()
  /** Jobs that changed while the reader was busy, so that newer changes may exist. */
  readonly late = new Set<string>()
  readonly #signal: AbortSignal
  #failure: { error: unknown } | undefined
  #isResting = false
  #awake = Promise.withResolvers<void>()
  #waiting: { resolve: (nothing: undefined) => void; reject: (error: unknown) => void } | undefined

  constructor(signal: AbortSignal) {
    this.#signal = signal
    signal.addEventListener('abort', this.#end)
  }

  get isOver(): boolean {
    return this.#signal.aborted
  }

  wake(job_id: string): void {
    const jobs = this.#isResting ? this.due : this.late
    jobs.add(job_id)
    this.#awake.resolve()
  }

  fail(error: unknown): void {
    this.#failure ??= { error }
    this.#waiting?.reject(error)
  }

  /** Resolves once a job has changes. */
  async news(): Promise<void> {
    if (this.due.size + this.late.size > 0) return
    this.#awake = Promise.withResolvers()
    this.#isResting = true
    await this.#awake.promise
    this.#isResting = false
  }

  /**
   * The value of a promise, or undefined at once when the reader ends. Throws if the promise fails.
   */
  async until<T>(promise: Promise<T>): Promise<T | undefined> {
    const waiting = Promise.withResolvers<T | undefined>()
    promise.then(waiting.resolve, waiting.reject)
    this.#waiting = waiting
    if (this.#failure) waiting.reject(this.#failure.error)
    if (this.isOver) waiting.resolve(undefined)
    return waiting.promise
  }

  readonly #end = (): void => this.#waiting?.resolve(undefined);

  [Symbol.dispose](): void {
    this.#signal.removeEventListener('abort', this.#end)
    // Everything that waits for changes ends.
    this.#awake.resolve()
  }
}
