import { AXES, type Axis } from './axis.ts'

/** How a person looks at a chart, as it stands in the address. */
export interface Viewing {
  /** The group of series that is shown. */
  show: string
  axis: Axis
  log: boolean
  /** Weight of the past in the moving average, 0 (as measured) to 0.99. */
  smoothing: number
  /** In the unit of the axis. */
  window: readonly [number, number] | null
}

/** Reads an address; what it does not say, or what makes no sense, is as in a plain chart. */
export function readViewing(parameters: Pick<URLSearchParams, 'get'>): Viewing {
  return {
    show: parameters.get('show') ?? 'loss',
    axis: AXES.find((axis) => axis === parameters.get('x')) ?? 'step',
    log: parameters.get('log') === '1',
    smoothing: Math.min(0.99, Math.max(0, Number(parameters.get('smooth')) || 0)),
    window: readWindow(parameters.get('window')),
  }
}

function readWindow(text: string | null): readonly [number, number] | null {
  const [from = NaN, to = NaN] = (text ?? '').split('~').map(Number)
  return from < to ? [from, to] : null
}

/** What an address says of a view: only what differs from a plain chart. */
export function viewingSearch({ show, axis, log, smoothing, window }: Viewing): string {
  const parameters = new URLSearchParams()
  if (show !== 'loss') parameters.set('show', show)
  if (axis !== 'step') parameters.set('x', axis)
  if (log) parameters.set('log', '1')
  if (smoothing > 0) parameters.set('smooth', String(smoothing))
  if (window) parameters.set('window', window.map((end) => end.toPrecision(6)).join('~'))
  return String(parameters)
}
