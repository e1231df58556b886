import { api, type ComparedJobs, type Delta } from '../api.ts'
import { Reread } from '../watch/reread.svelte.ts'
import { Watch } from '../watch/watch.svelte.ts'
import { compareInput, type CompareQuery } from './compareQuery.ts'

/** How long (ms) after a change of one of its jobs a comparison is made again. */
const SOON = 1_000

/** A comparison as the server made it, and the query of its page. */
export interface LoadedComparison {
  query: CompareQuery
  compared: ComparedJobs
}

/** A comparison that is made again whenever one of its jobs changes. */
export class LiveComparison {
  readonly watch = new Watch(
    () => ({ jobs: 'all', since: this.compared.board_revision }),
    (delta) => this.#applyDelta(delta),
    () => this.#askSoon(),
  )
  #loaded: () => LoadedComparison
  /** A later answer to the query `of`; it is ignored once the page shows another query. */
  #newer = $state.raw<{ of: LoadedComparison; compared: ComparedJobs } | null>(null)
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(loaded: () => LoadedComparison) {
    this.#loaded = loaded
  }

  get compared(): ComparedJobs {
    const loaded = this.#loaded()
    return this.#newer?.of === loaded ? this.#newer.compared : loaded.compared
  }

  /** Why the comparison could not be made again; empty while it is up to date. */
  get problem(): string {
    return this.#reread.problem
  }

  /** Follows until the returned function is called; made for `onMount`. */
  follow = (): (() => void) => {
    const stop = this.watch.follow()
    return () => {
      stop()
      clearTimeout(this.#timer)
      this.#reread.stop()
    }
  }

  #applyDelta({ job_id, status }: Delta): void {
    const isCompared = Object.hasOwn(this.compared.statuses, job_id)
    const { project } = this.#loaded().query
    if (isCompared || (project !== '' && status.project === project)) this.#askSoon()
  }

  #askSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.#reread.ask()
    }, SOON)
  }

  #reread = new Reread(async () => {
    const of = this.#loaded()
    const input = compareInput(of.query)
    if (input) this.#newer = { of, compared: await api.jobs.compare.query(input) }
  })
}
