import { api, type Model } from '../api.ts'

/** How often the models are read again while the page is visible (ms). */
const AGAIN = 5_000

/** An entry of the ledger, by its keys. */
type Entry = Pick<Model['history'][number], 'job_id' | 'deployment_id'>

/** The models as they were read with the page, then as they change. */
export class ModelsPage {
  readonly #read: () => Model[]
  #models = $state.raw<Model[]>()
  /** Why the last change or read failed. */
  problem = $state('')

  constructor(read: () => Model[]) {
    this.#read = read
  }

  get models(): Model[] {
    return this.#models ?? this.#read()
  }

  /** Reads the models again and again, until the returned function is called. */
  follow(): () => void {
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') this.#attempt(async () => {}).catch(reportError)
    }, AGAIN)
    return () => clearInterval(timer)
  }

  /** Orders a roll back to an entry; returns whether it was ordered. */
  rollBack({ job_id, deployment_id }: Entry, by: string, why: string): Promise<boolean> {
    const order = { job_id, deployment_id, by, why }
    return this.#attempt(() => api.models.rollBack.mutate(order))
  }

  /** Orders a check of the files of an entry. */
  async verify({ job_id, deployment_id }: Entry, by: string): Promise<void> {
    await this.#attempt(() => api.models.verify.mutate({ job_id, deployment_id, by }))
  }

  async #attempt(work: () => Promise<unknown>): Promise<boolean> {
    try {
      await work()
      this.#models = await api.models.list.query()
      this.problem = ''
      return true
    } catch (error) {
      this.problem = error instanceof Error ? error.message : String(error)
      return false
    }
  }
}
