import { goto } from '$app/navigation'
import { AXES, type Axis } from './axis.ts'
import type { View } from './prepare.ts'

type Parameters = Pick<URLSearchParams, 'get'>

/** How a person looks at the chart. It begins as the address says, and the address follows it. */
export class ChartView implements View {
  axis = $state<Axis>('step')
  log = $state(false)
  smoothing = $state(0)
  window = $state.raw<readonly [number, number] | null>(null)
  /** The group of series that is shown. */
  show = $state('loss')

  constructor(parameters: Parameters) {
    this.axis = AXES.find((axis) => axis === parameters.get('x')) ?? 'step'
    this.log = parameters.get('log') === '1'
    this.smoothing = Math.min(0.99, Math.max(0, Number(parameters.get('smooth')) || 0))
    this.window = readWindow(parameters.get('window'))
    this.show = parameters.get('show') ?? 'loss'
  }

  /** Changes the view, and the address with it, so that a link shows the same. */
  change(to: Partial<View & { show: string }>): void {
    if (to.axis && to.axis !== this.axis) this.window = null
    Object.assign(this, to)
    void goto(this.#address(), { shallow: true, replace: true })
  }

  #address(): string {
    const parameters = new URLSearchParams()
    if (this.show !== 'loss') parameters.set('show', this.show)
    if (this.axis !== 'step') parameters.set('x', this.axis)
    if (this.log) parameters.set('log', '1')
    if (this.smoothing > 0) parameters.set('smooth', String(this.smoothing))
    if (this.window)
      parameters.set('window', this.window.map((end) => end.toPrecision(6)).join('~'))
    return `${location.pathname}${parameters.size > 0 ? `?${parameters}` : ''}`
  }
}

function readWindow(text: string | null): readonly [number, number] | null {
  const [from = NaN, to = NaN] = (text ?? '').split('~').map(Number)
  return from < to ? [from, to] : null
}
