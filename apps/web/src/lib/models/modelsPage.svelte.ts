import { api, type Model } from '../api.ts'

/** How often the models are read again while the page is visible, and while one of them writes (ms). */
const AGAIN = { usual: 5_000, writing: 500 }

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
    let since = Date.now()
    let isReading = false
    const timer = setInterval(() => {
      const isDue = this.#isWriting || Date.now() - since >= AGAIN.usual
      if (isReading || !isDue || document.visibilityState !== 'visible') return
      since = Date.now()
      isReading = true
      this.#attempt(async () => {})
        .catch(reportError)
        .finally(() => (isReading = false))
    }, AGAIN.writing)
    return () => clearInterval(timer)
  }

  /** Orders a roll back to an entry; returns whether it was ordered. */
  rollBack({ job_id, deployment_id }: Entry, by: string, why: string): Promise<boolean> {
    const order = { job_id, deployment_id, by, why }
    return this.#attempt(() => api.models.rollBack.mutate(order))
  }

  /** Approves an order of another person; returns whether it is approved. */
  approve({ job_id, deployment_id }: Entry, by: string): Promise<boolean> {
    return this.#attempt(() => api.deployments.approve.mutate({ job_id, deployment_id, by }))
  }

  /** Withdraws an order that no agent has begun. */
  async withdraw({ job_id, deployment_id }: Entry, by: string): Promise<void> {
    await this.#attempt(() => api.deployments.withdraw.mutate({ job_id, deployment_id, by }))
  }

  /** Orders a check of the files of an entry. */
  async verify({ job_id, deployment_id }: Entry, by: string): Promise<void> {
    await this.#attempt(() => api.models.verify.mutate({ job_id, deployment_id, by }))
  }

  /** Orders the model of an entry, and the last checkpoint of its job, to go on with a text. */
  async ask({ job_id, deployment_id }: Entry, prompt: string, by: string): Promise<void> {
    await this.#attempt(() => api.models.ask.mutate({ job_id, deployment_id, prompt, by }))
  }

  get #isWriting(): boolean {
    const live = this.models.flatMap((model) => model.live)
    return live.some(({ playground }) => playground?.prompt?.state === 'queued')
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
