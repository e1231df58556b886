import { invalidateAll } from '$app/navigation'
import { api } from '../api.ts'
import { count } from '../figures.ts'

/** A change, and how to undo it. */
interface Made {
  text: string
  undo: (() => Promise<unknown>) | null
}

/** Changes of jobs that a person makes on a page, each with its undo. */
export class JobChanges {
  busy = $state(false)
  problem = $state('')
  made = $state.raw<Made | null>(null)

  archive(job_ids: string[], archived: boolean): Promise<boolean> {
    const set = (archived: boolean) => api.jobs.archive.mutate({ job_ids, archived })
    const text = `${jobs(job_ids)} ${archived ? 'archived' : 'unarchived'}.`
    return this.#make(text, set(archived), () => set(!archived))
  }

  delete(job_ids: string[]): Promise<boolean> {
    const text = `${jobs(job_ids)} deleted. No file was touched.`
    const undo = () => api.jobs.restore.mutate({ job_ids })
    return this.#make(text, api.jobs.delete.mutate({ job_ids }), undo)
  }

  restore(job_ids: string[]): Promise<boolean> {
    const undo = () => api.jobs.delete.mutate({ job_ids })
    return this.#make(`${jobs(job_ids)} restored.`, api.jobs.restore.mutate({ job_ids }), undo)
  }

  tag(job_ids: string[], add: string[], remove: string[]): Promise<boolean> {
    const change = api.jobs.tag.mutate({ job_ids, add, remove })
    return this.#make(`Tags of ${jobs(job_ids)} changed.`, change, null)
  }

  async undo(): Promise<void> {
    const { made } = this
    if (made?.undo) await this.#make('Undone.', made.undo(), null)
  }

  async #make(text: string, change: Promise<unknown>, undo: Made['undo']): Promise<boolean> {
    this.busy = true
    this.problem = ''
    const isMade = await change.then(
      () => true,
      (error: Error) => {
        this.problem = error.message
        return false
      },
    )
    if (isMade) {
      await invalidateAll()
      this.made = { text, undo }
    }
    this.busy = false
    return isMade
  }
}

const jobs = (ids: string[]): string => (ids.length === 1 ? '1 job' : `${count(ids.length)} jobs`)

/** The tags in a text, separated by commas. */
export function tagsIn(text: string): string[] {
  const tags = text.split(',').map((tag) => tag.trim())
  return tags.filter((tag, index) => tag !== '' && tags.indexOf(tag) === index)
}
