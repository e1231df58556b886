import { goto } from '$app/navigation'
import { resolve } from '$app/paths'
import type { Axis } from '../charts/axis.ts'
import { readViewing, viewingSearch, type Viewing } from '../charts/viewAddress.ts'

/** How a person looks at a job's chart. It begins as the address says, and the address follows. */
export class ChartView implements Viewing {
  axis: Axis
  log: boolean
  smoothing: number
  window: Viewing['window']
  show: string
  /** The group that an address does not name. */
  readonly #usual: string
  readonly #job_id: string

  constructor(job_id: string, parameters: Pick<URLSearchParams, 'get'>, usual: string) {
    const { axis, log, smoothing, window, show } = readViewing(parameters)
    this.#job_id = job_id
    this.#usual = usual
    this.axis = $state(axis)
    this.log = $state(log)
    this.smoothing = $state(smoothing)
    this.window = $state.raw(window)
    this.show = $state(show ?? usual)
  }

  /** Changes the view, and the address with it, so that a link shows the same. */
  change(to: Partial<Viewing & { show: string }>): void {
    if (to.axis && to.axis !== this.axis) this.window = null
    Object.assign(this, to)
    const { axis, log, smoothing, window } = this
    const show = this.show === this.#usual ? null : this.show
    const search = viewingSearch({ axis, log, smoothing, window, show })
    const address = resolve(`/jobs/[id]?${search}`, { id: this.#job_id })
    goto(address, { shallow: true, replace: true }).catch(reportError)
  }
}
