import type { TrainingJobStatus } from '@bestmark/core'
import { invalidate } from '$app/navigation'
import type { Delta, JobPage } from './api.ts'
import { Watch } from './watch.svelte.ts'

/** How soon (ms) the page is read again when it may have changed as a whole. */
const SOON = 2_000

/** One page of the list, kept up to date: rows by the subscription, the page as a whole anew. */
export class LiveJobs {
  readonly watch = new Watch(
    () => ({ jobs: 'all' }),
    (delta) => this.#hear(delta),
  )
  #page: () => JobPage
  /** Later words on jobs of the page, by id. */
  #later = $state.raw<Record<string, TrainingJobStatus>>({})
  /** The states of jobs that are not on the page; one that is new, or changes, may come onto it. */
  #elsewhere: Record<string, string> = {}
  #refresh: ReturnType<typeof setTimeout> | undefined

  constructor(page: () => JobPage) {
    this.#page = page
  }

  get jobs(): TrainingJobStatus[] {
    return this.#page().jobs.map((job) => newer(job, this.#later[job.job_id]))
  }

  /** Follows until the returned function is called; made for `onMount`. */
  follow = (): (() => void) => {
    const stop = this.watch.follow()
    return () => {
      stop()
      clearTimeout(this.#refresh)
    }
  }

  #hear({ status, checkpoints }: Delta): void {
    const { job_id } = status
    const shown = this.#page().jobs.some((job) => job.job_id === job_id)
    if (shown) this.#later = { ...this.#later, [job_id]: status }
    else if (this.#elsewhere[job_id] === status.status) return
    else this.#elsewhere[job_id] = status.status
    // Only a whole reading brings new rows, and the curves of new evaluations.
    if (!shown || checkpoints) this.#refresh ??= setTimeout(() => void this.#read(), SOON)
  }

  async #read(): Promise<void> {
    await invalidate('board:jobs')
    this.#refresh = undefined
  }
}

function newer(read: TrainingJobStatus, later: TrainingJobStatus | undefined): TrainingJobStatus {
  return later && (later.updated_at ?? 0) >= (read.updated_at ?? 0) ? later : read
}
