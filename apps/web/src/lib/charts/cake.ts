import type { ScaleContinuousNumeric } from 'd3-scale'
import { getLayerCakeContext } from 'layercake'
import type { Point } from './point.ts'

/** A continuous scale from values to pixels and back. */
export type Continuous = ScaleContinuousNumeric<number, number>

/** The measurements and scales of the chart. Read them as `k.xScale(…)`; destructuring loses updates. */
export function getCake() {
  return getLayerCakeContext<{ x: Continuous; y: Continuous }>()
}

/** An SVG path of straight segments, rounded to a tenth of a pixel. A single point gives a dot. */
export function pathOf(segments: readonly Point[][], x: Continuous, y: Continuous): string {
  const at = (point: Point) => `${tenth(x(point.x))} ${tenth(y(point.y))}`
  return segments
    .map((run) => (run.length === 1 && run[0] ? `M${at(run[0])}h0` : `M${run.map(at).join('L')}`))
    .join('')
}

function tenth(pixels: number): number {
  return Math.round(pixels * 10) / 10
}
