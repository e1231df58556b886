import { goto } from '$app/navigation'
import { resolve } from '$app/paths'
import type { Axis } from '../charts/axis.ts'
import { readViewing, viewingSearch, type Viewing } from '../charts/viewAddress.ts'
import { gridParameters, readGrid, type GridViewing } from './gridAddress.ts'

/** So long (ms) changes are gathered before the address follows: browsers refuse too many. */
const REST = 100

/** How a person looks at a job's charts. It begins as the address says, and the address follows. */
export class ChartView implements Viewing {
  axis: Axis
  log: boolean
  smoothing: number
  clip: boolean
  window: Viewing['window']
  show: string
  grid: GridViewing
  /** The group that an address does not name. */
  readonly #usual: string
  readonly #job_id: string
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(job_id: string, parameters: Pick<URLSearchParams, 'get' | 'getAll'>, usual: string) {
    const { axis, log, smoothing, clip, window, show } = readViewing(parameters)
    this.#job_id = job_id
    this.#usual = usual
    this.axis = $state(axis)
    this.log = $state(log)
    this.smoothing = $state(smoothing)
    this.clip = $state(clip)
    this.window = $state.raw(window)
    this.show = $state(show ?? usual)
    this.grid = $state.raw(readGrid(parameters))
  }

  /** Changes the view, and the address with it, so that a link shows the same. */
  change(to: Partial<Viewing & { show: string }>): void {
    if (to.axis && to.axis !== this.axis) this.window = null
    Object.assign(this, to)
    this.#follow()
  }

  /** The same for the grid of metrics. */
  changeGrid(to: Partial<GridViewing>): void {
    this.grid = { ...this.grid, ...to }
    this.#follow()
  }

  #follow(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      const { axis, log, smoothing, clip, window } = this
      const show = this.show === this.#usual ? null : this.show
      const view = { axis, log, smoothing, clip, window, show }
      const search = viewingSearch(view, gridParameters(this.grid))
      const address = resolve(`/jobs/[id]?${search}`, { id: this.#job_id })
      goto(address, { shallow: true, replace: true }).catch(reportError)
    }, REST)
  }
}
