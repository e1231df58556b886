import { createContext } from 'svelte'
import type { Axis, EpochMarks } from '../charts/axis.ts'
import type { ChartView } from '../view/chartView.svelte.ts'
import type { MetricSeries } from './metricSeries.svelte.ts'
import type { Palette } from './svg.ts'

interface Sources {
  view: () => ChartView
  axis: () => Axis
  epochs: () => EpochMarks
}

type Window = readonly [number, number] | null

/** What all charts of the grid share: how they are looked at, and one crosshair. */
export class GridState {
  readonly series: MetricSeries
  /** Where the reader looks, on the horizontal axis; the crosshair of every chart. */
  position = $state<number | null>(null)
  palette = $state.raw<Palette>()
  onwindow: (window: Window) => void = () => undefined
  #sources: Sources

  constructor(series: MetricSeries, sources: Sources) {
    this.series = series
    this.#sources = sources
  }

  get epochs(): EpochMarks {
    return this.#sources.epochs()
  }

  /** The view without its window. */
  get look() {
    const { log, smoothing, clip } = this.#sources.view()
    return { axis: this.#sources.axis(), log, smoothing, clip }
  }

  get view() {
    return { ...this.look, window: this.#sources.view().window }
  }
}

/** The grid that a chart belongs to. */
export const [getGrid, setGrid] = createContext<GridState>()
