import type { FilesState, Series } from '@bestmark/core'
import type { Axis, EpochMarks } from './axis.ts'
import type { Columns, Drawn } from './line.ts'
import type { Point } from './point.ts'
import type { Viewing } from './viewAddress.ts'

export interface NamedSeries extends Series {
  name: string
  kind: 'logged' | 'evaluation' | 'system'
  /** How many points there are before thinning; left out, all of them are here. */
  count?: number
  /** What later attempts replaced. */
  earlier?: readonly Series[]
}

/** A checkpoint as the chart needs it. */
export interface ChartCheckpoint {
  step: number | null
  files_state: FilesState
  is_best: boolean
  /** Its difference from the best is within the noise. */
  is_tied?: boolean
}

/** How the chart is looked at, whatever it shows. */
type View = Pick<Viewing, 'axis' | 'log' | 'smoothing' | 'window' | 'clip'>

/** The step after which a curve rises, with the word for it. */
export interface Turn {
  step: number
  word: string
}

export interface ChartInput {
  series: readonly NamedSeries[]
  checkpoints: readonly ChartCheckpoint[]
  /** The step of the selected checkpoint. */
  best_step: number | null
  /** Where eval_loss turned, and what that is called. */
  turn?: Turn | null
  epochs: EpochMarks
  view: View
  /** Pixels across; bounds what is drawn. */
  width: number
}

export interface Line extends Drawn {
  name: string
  kind: NamedSeries['kind']
  /** As measured, behind the smoothed line; empty where nothing is smoothed. */
  raw: Point[][]
  /** Earlier attempts, as far as later ones replaced them. */
  earlier: Point[][]
  /** The real points, where few enough to be told apart. */
  dots: Point[]
  /** The last value in view, which may be NaN, and the height at which it is told. */
  last: { value: number; y: number } | null
  columns: Columns
}

/** Values that the vertical axis leaves out, so that they do not flatten all others. */
export interface Clipped {
  count: number
  lowest: number
  highest: number
  /** Where they are, on the edge that they lie beyond. */
  positions: { x: number; isAbove: boolean }[]
}

export interface Tick {
  x: number
  step: number
  files_state: FilesState
  is_best: boolean
}

/** Everything the marks draw, decided. */
export interface Chart {
  axis: Axis
  log: boolean
  x: [number, number]
  /** What the horizontal axis shows without a window. */
  whole: [number, number]
  y: [number, number]
  lines: Line[]
  ticks: Tick[]
  /** The selected checkpoint on the evaluation curve; `y` NaN where the curve has no value there. */
  best: Point | null
  /** Other checkpoints on the evaluation curve that noise cannot tell from the selected one. */
  tied: Point[]
  onset: (Point & { word: string }) | null
  /** Outliers beyond the axis; null where everything is in view. */
  clipped: Clipped | null
  hidden: number
}
