import { AXES, type Axis } from './axis.ts'
import { windowOf } from './domain.ts'

/** The options of a chart, as the address holds them. */
export interface Viewing {
  /** The group of series that is shown; null for the default group. */
  show: string | null
  axis: Axis
  log: boolean
  /** Weight of the past in the moving average, from 0 (no smoothing) to 0.99. */
  smoothing: number
  /** Whether the vertical axis leaves out the few values that would flatten all others. */
  clip: boolean
  /** In the unit of the axis. */
  window: readonly [number, number] | null
}

/** Reads an address; missing and invalid parameters get their defaults. */
export function readViewing(parameters: Pick<URLSearchParams, 'get'>): Viewing {
  return {
    show: parameters.get('show'),
    axis: AXES.find((axis) => axis === parameters.get('x')) ?? 'step',
    log: parameters.get('log') === '1',
    smoothing: Math.min(0.99, Math.max(0, Number(parameters.get('smooth')) || 0)),
    clip: parameters.get('clip') !== '0',
    window: readWindow(parameters.get('window')),
  }
}

function readWindow(text: string | null): readonly [number, number] | null {
  const [from, to, ...others] = (text ?? '').split('~')
  if (!from || !to || others.length > 0) return null
  return Number(from) < Number(to) ? windowOf(Number(from), Number(to)) : null
}

/** Adds the options of a view to `parameters`; defaults are left out. */
export function viewingSearch(
  { show, axis, log, smoothing, clip, window }: Viewing,
  parameters = new URLSearchParams(),
): string {
  if (show !== null) parameters.set('show', show)
  if (axis !== 'step') parameters.set('x', axis)
  if (log) parameters.set('log', '1')
  if (smoothing > 0) parameters.set('smooth', String(smoothing))
  if (!clip) parameters.set('clip', '0')
  if (window)
    parameters.set('window', window.map((end) => end.toPrecision(digitsOf(window))).join('~'))
  return String(parameters)
}

/** Enough digits to separate the ends of a window as six digits do near 0. */
function digitsOf([from, to]: readonly [number, number]): number {
  const size = Math.max(Math.abs(from), Math.abs(to))
  return Math.min(17, 6 + Math.floor(Math.max(0, Math.log10(size / (to - from)))))
}
