import { ownValue, setOwn, type TrainingJobStatus } from '@bestmark/core'
import { api, type Delta, type JobPage } from '../api.ts'
import { listInput, type JobQuery } from './jobQuery.ts'
import { Reread } from '../watch/reread.svelte.ts'
import { Watch } from '../watch/watch.svelte.ts'

/** How soon (ms) the page is read again when it may have changed as a whole. */
const SOON = 2_000

/** One page of the list as the server read it, and its query. */
export interface ListedJobs {
  query: JobQuery
  page: JobPage
}

/**
 * One page of the list, kept up to date. The subscription updates rows; the page as a whole is read
 * again.
 */
export class LiveJobs {
  readonly watch = new Watch(
    () => ({ jobs: 'all', since: this.page.board_revision }),
    (delta) => this.#applyDelta(delta),
    () => this.#readSoon(),
  )
  #listed: () => ListedJobs
  /** A later reading of the page `of`; it is ignored once another page is shown. */
  #newer = $state.raw<{ of: ListedJobs; page: JobPage } | null>(null)
  /** Later deltas of jobs on the page, by id. */
  #later = $state.raw<Record<string, Delta>>({})
  /** The states of jobs that are not on the page; one that is new, or changes, may come onto it. */
  #elsewhere: Record<string, string> = {}
  #refresh: ReturnType<typeof setTimeout> | undefined
  #following = false

  constructor(listed: () => ListedJobs) {
    this.#listed = listed
  }

  get page(): JobPage {
    const listed = this.#listed()
    return this.#newer?.of === listed ? this.#newer.page : listed.page
  }

  get jobs(): TrainingJobStatus[] {
    const { jobs, revisions } = this.page
    return jobs.map((job) =>
      newer(job, ownValue(revisions, job.job_id) ?? 0, ownValue(this.#later, job.job_id)),
    )
  }

  /** Follows until the returned function is called; made for `onMount`. */
  follow = (): (() => void) => {
    this.#following = true
    const stop = this.watch.follow()
    return () => {
      this.#following = false
      stop()
      clearTimeout(this.#refresh)
      this.#list.stop()
    }
  }

  /** Why the list could not be read again; empty while it is as the board has it. */
  get problem(): string {
    return this.#list.problem
  }

  #applyDelta(delta: Delta): void {
    const { job_id, status, checkpoints } = delta
    const row = this.jobs.find((job) => job.job_id === job_id)
    const shown = row !== undefined && shelved(row) === shelved(status)
    if (shown) this.#later = { ...this.#later, [job_id]: delta }
    else if (!row && ownValue(this.#elsewhere, job_id) === stateOf(status)) return
    else setOwn(this.#elsewhere, job_id, stateOf(status))
    // Only a whole reading brings new rows, and the curves of new evaluations.
    if (!shown || checkpoints) this.#readSoon()
  }

  #readSoon(): void {
    if (this.#following) this.#refresh ??= setTimeout(() => this.#read(), SOON)
  }

  #read(): void {
    this.#refresh = undefined
    this.#list.ask()
  }

  /** The rows stay as they are while the board does not answer. */
  #list = new Reread(async () => {
    const of = this.#listed()
    this.#newer = { of, page: await api.jobs.list.query(listInput(of.query)) }
  })
}

/** The newer of a row and a later delta, by their revisions. */
function newer(
  read: TrainingJobStatus,
  revision: number,
  later: Delta | undefined,
): TrainingJobStatus {
  return later && later.revision >= revision ? later.status : read
}

/** Where a job is listed. */
function shelved({ archived_at, deleted_at }: TrainingJobStatus): string {
  return `${archived_at} ${deleted_at}`
}

function stateOf(status: TrainingJobStatus): string {
  return `${status.status} ${shelved(status)}`
}
