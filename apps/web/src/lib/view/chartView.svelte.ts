import { goto } from '$app/navigation'
import { resolve } from '$app/paths'
import type { Axis } from '../charts/axis.ts'
import { readViewing, viewingSearch, type Viewing } from '../charts/viewAddress.ts'
import { gridParameters, readGrid, type GridViewing } from './gridAddress.ts'
import { readTabs, tabParameters, type Tab, type TabViewing } from './tabAddress.ts'

/** How long (ms) changes are collected before the address changes: browsers limit its changes. */
const REST = 100

/** The view of a job's page. It starts from the address, and changes the address. */
export class ChartView implements Viewing {
  axis: Axis
  log: boolean
  smoothing: number
  clip: boolean
  window: Viewing['window']
  show: string
  grid: GridViewing
  tabs: TabViewing
  /** The default group, which the address leaves out. */
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
    this.tabs = $state.raw(readTabs(parameters))
  }

  /** Changes the view and the address, so that a link shows the same. */
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

  /** The same for the tabs. */
  changeTabs(to: Partial<TabViewing>): void {
    this.tabs = { ...this.tabs, ...to }
    this.#follow()
  }

  /** The address of another tab, with the view as it is. */
  addressOf(tab: Tab): string {
    const search = this.#search({ ...this.tabs, tab })
    return resolve(`/jobs/[id]?${search}`, { id: this.#job_id })
  }

  #follow(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      const address = resolve(`/jobs/[id]?${this.#search(this.tabs)}`, { id: this.#job_id })
      goto(address, { shallow: true, replace: true }).catch(reportError)
    }, REST)
  }

  #search(tabs: TabViewing): string {
    const { axis, log, smoothing, clip, window } = this
    const show = this.show === this.#usual ? null : this.show
    const view = { axis, log, smoothing, clip, window, show }
    return viewingSearch(view, gridParameters(this.grid, tabParameters(tabs)))
  }
}
