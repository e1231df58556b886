import { api, type Sample } from '../api.ts'
import { Reread } from '../watch/reread.svelte.ts'

/** How many samples are read at once. */
const PAGE = 1_000

/** All samples of a job; they are read when their tab is open. */
export class JobSamples {
  /** By step, attempt and prompt. */
  all = $state.raw<Sample[]>([])
  isRead = $state(false)
  readonly #job_id: string
  readonly #reread = new Reread(() => this.#readAll())

  constructor(job_id: string) {
    this.#job_id = job_id
  }

  /** Why the samples could not be read; empty if the last read succeeded. */
  get problem(): string {
    return this.#reread.problem
  }

  ask = (): void => this.#reread.ask()

  /** Cancels the next try. */
  stop(): void {
    this.#reread.stop()
  }

  async #readAll(): Promise<void> {
    const all: Sample[] = []
    let cursor: string | undefined
    do {
      const page = await api.samples.list.query({ job_id: this.#job_id, cursor, limit: PAGE })
      all.push(...page.samples)
      cursor = page.next_cursor ?? undefined
      if (!this.isRead) this.all = [...all]
    } while (cursor !== undefined)
    this.all = all
    this.isRead = true
  }
}
