import { resolve } from '$app/paths'
import { api } from '#lib/api.ts'
import type { Entry } from './entries.ts'

/** Typing pauses this long (ms) before the jobs are searched. */
const PAUSE = 150
const MOST = 8

/** The jobs that the server finds for the latest text. */
export class FoundJobs {
  entries = $state.raw<Entry[]>([])
  /** Why the last search failed; empty if it did not. */
  problem = $state('')
  isSearching = $state(false)
  #timer: ReturnType<typeof setTimeout> | undefined
  /** Counts the searches, so that an answer to an earlier one is ignored. */
  #count = 0

  search(text: string): void {
    const search = ++this.#count
    this.isSearching = true
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.#read(text, search).catch(reportError)
    }, PAUSE)
  }

  /** After this, no answer changes anything. */
  end(): void {
    clearTimeout(this.#timer)
    this.#count++
  }

  async #read(text: string, search: number): Promise<void> {
    const input = text.trim() === '' ? { limit: MOST } : { limit: MOST, search: text.trim() }
    const answer = await api.jobs.list.query(input).then(
      ({ jobs }) => ({ jobs, problem: '' }),
      (error: Error) => ({ jobs: [], problem: error.message }),
    )
    if (search !== this.#count) return
    this.isSearching = false
    this.problem = answer.problem
    this.entries = answer.jobs.map(({ job_id, name, project, status }) => {
      const path = resolve('/jobs/[id]', { id: job_id })
      const detail = project ? `${project} · ${status}` : status
      return { key: job_id, name, detail, action: { path } }
    })
  }
}
