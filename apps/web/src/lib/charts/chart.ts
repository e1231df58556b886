import type { FilesState, Series } from '@bestmark/core'
import type { Axis, EpochMarks } from './axis.ts'
import type { Columns, Drawn } from './line.ts'
import type { Point } from './point.ts'
import type { Viewing } from './viewAddress.ts'

export interface NamedSeries extends Series {
  name: string
  kind: 'logged' | 'evaluation' | 'system'
  /** How many points there are before thinning; undefined if the series is complete. */
  count?: number
  /** The points that later attempts replaced. */
  earlier?: readonly Series[]
}

/** The fields of a checkpoint that the chart needs. */
export interface ChartCheckpoint {
  step: number | null
  files_state: FilesState
  is_best: boolean
  /** Its difference from the best is within the noise. */
  is_tied?: boolean
}

/** The options of the view that every chart has. */
type View = Pick<Viewing, 'axis' | 'log' | 'smoothing' | 'window' | 'clip'>

/** The step after which a curve rises, and its label. */
export interface Turn {
  step: number
  word: string
}

export interface ChartInput {
  series: readonly NamedSeries[]
  checkpoints: readonly ChartCheckpoint[]
  /** The step of the selected checkpoint. */
  best_step: number | null
  /** Where eval_loss starts to rise, and its label. */
  turn?: Turn | null
  epochs: EpochMarks
  view: View
  /** Width in pixels; limits how many points are drawn. */
  width: number
}

export interface Line extends Drawn {
  name: string
  kind: NamedSeries['kind']
  /** The measured line behind the smoothed one; empty without smoothing. */
  raw: Point[][]
  /** The parts of earlier attempts that later ones replaced. */
  earlier: Point[][]
  /** The measured points, if they are few enough to be distinguished. */
  dots: Point[]
  /** The last value in view, which may be NaN, and the height of its label. */
  last: { value: number; y: number } | null
  columns: Columns
}

/** Values outside the vertical axis, which would flatten all others. */
export interface Clipped {
  count: number
  lowest: number
  highest: number
  /** Their positions, on the edge of the chart that they lie beyond. */
  positions: { x: number; isAbove: boolean }[]
}

export interface Tick {
  x: number
  step: number
  files_state: FilesState
  is_best: boolean
}

/** All that the marks draw, ready to draw. */
export interface Chart {
  axis: Axis
  log: boolean
  x: [number, number]
  /** The horizontal axis without a zoom window. */
  whole: [number, number]
  y: [number, number]
  lines: Line[]
  ticks: Tick[]
  /** The selected checkpoint on the evaluation curve; `y` is NaN where the curve has no value. */
  best: Point | null
  /** The other checkpoints on the evaluation curve that are within the noise of the selected one. */
  tied: Point[]
  onset: (Point & { word: string }) | null
  /** Outliers beyond the axis; null if there are none. */
  clipped: Clipped | null
  hidden: number
}
