import type { TrainingJobStatus } from '@bestmark/core'
import { invalidate } from '$app/navigation'
import type { Delta, JobPage } from './api.ts'
import { Watch } from './watch.svelte.ts'

/** Jobs that are new to the board, and curves, are asked for this often (ms) while one looks. */
const EVERY = 10_000

/** One page of the list, kept up to date: each row by the subscription, the page as a whole anew. */
export class LiveJobs {
  readonly watch: Watch
  #page: () => JobPage
  /** Later words on jobs of the page, by id. */
  #later = $state.raw<Record<string, TrainingJobStatus>>({})

  constructor(page: () => JobPage) {
    this.#page = page
    this.watch = new Watch(
      () => ({ jobs: this.#page().jobs.map(({ job_id }) => job_id) }),
      ({ status }: Delta) => (this.#later = { ...this.#later, [status.job_id]: status }),
    )
  }

  get jobs(): TrainingJobStatus[] {
    return this.#page().jobs.map((job) => newer(job, this.#later[job.job_id]))
  }

  /** Follows until the returned function is called; made for `onMount`. */
  follow = (): (() => void) => {
    const stop = this.watch.follow()
    const timer = setInterval(() => {
      if (!document.hidden) void invalidate('board:jobs')
    }, EVERY)
    return () => {
      stop()
      clearInterval(timer)
    }
  }
}

function newer(read: TrainingJobStatus, later: TrainingJobStatus | undefined): TrainingJobStatus {
  return later && (later.updated_at ?? 0) >= (read.updated_at ?? 0) ? later : read
}
