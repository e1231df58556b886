import type { ComparedRun } from '@bestmark/core'
import type { Curve } from '../api.ts'
import { positionDomain, valuesDomain } from '../charts/domain.ts'
import { draw, type Columns } from '../charts/line.ts'
import type { Point } from '../charts/point.ts'
import type { LineStyle } from './colours.ts'

/** The fields of a run that the picture needs. */
export interface OverlaidRun {
  run: Pick<ComparedRun, 'job_id' | 'name' | 'best' | 'is_best'>
  curve: Curve
  style: LineStyle
}

/** One run's line, ready to draw. */
export interface OverlaidLine {
  job_id: string
  name: string
  style: LineStyle
  segments: Point[][]
  gaps: Point[]
  /** Its best checkpoint on its curve; null if the curve has no value there. */
  ring: Point | null
  is_best: boolean
  last: Point | null
}

/** All that the picture shows, ready to draw. */
interface Overlay {
  lines: OverlaidLine[]
  x: [number, number]
  y: [number, number]
  log: boolean
  /** Values that a logarithmic axis cannot show. */
  hidden: number
}

/** Up to this many lines are drawn to the pixel; of more, a column is `COARSE` pixels wide. */
export const FEW = 8
const COARSE = 4

/** Prepares the picture of several runs in one metric; the best one is drawn over the others. */
export function prepareOverlay(
  runs: readonly OverlaidRun[],
  { width, log }: { width: number; log: boolean },
): Overlay {
  const ends = runs.flatMap(({ curve: { steps } }) => [steps[0] ?? NaN, steps.at(-1) ?? NaN])
  const x = positionDomain(ends)
  let hidden = 0
  const lineColumns = width / (runs.length > FEW ? COARSE : 1)
  const lines = runs.map(({ run, curve, style }): OverlaidLine => {
    const columns: Columns = { xs: curve.steps, values: curve.values, steps: curve.steps }
    const drawn = draw(columns, x, lineColumns, log)
    hidden += drawn.hidden
    const { job_id, name, is_best } = run
    const last = drawn.segments.at(-1)?.at(-1) ?? null
    const ring = ringOf(run.best?.step ?? null, curve, log)
    return { job_id, name, style, is_best, last, ring, segments: drawn.segments, gaps: drawn.gaps }
  })
  const values = lines.flatMap(({ segments }) => segments.flat().map(({ y }) => y))
  const inOrder = lines.toSorted((a, b) => Number(a.is_best) - Number(b.is_best))
  return { lines: inOrder, x, y: valuesDomain(values, log), log, hidden }
}

function ringOf(step: number | null, { steps, values }: Curve, log: boolean): Point | null {
  const at = step === null ? -1 : steps.indexOf(step)
  const [x, y] = [steps[at], values[at]]
  if (x === undefined || y === undefined || !Number.isFinite(y) || (log && y <= 0)) return null
  return { x, y, step: x }
}
