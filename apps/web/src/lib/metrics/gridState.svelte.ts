import { createContext } from 'svelte'
import type { Axis, EpochMarks } from '../charts/axis.ts'
import type { ChartView } from '../view/chartView.svelte.ts'
import type { MetricSeries } from './metricSeries.svelte.ts'
import type { SeriesByName } from './seriesByName.ts'
import type { Palette } from './svg.ts'

interface Sources {
  view: () => ChartView
  axis: () => Axis
  epochs: () => EpochMarks
}

type Window = readonly [number, number] | null

/** The state that all charts of the grid share: the view and one crosshair. */
export class GridState {
  readonly series: MetricSeries
  /** The position of the crosshair of every chart, on the horizontal axis. */
  position = $state<number | null>(null)
  palette = $state.raw<Palette>()
  /** While the page is printed: what was read for it. All charts are then drawn. */
  printed = $state.raw<SeriesByName | null>(null)
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

  /** The name of the series that is shown full screen. */
  get full(): string | null {
    return this.#sources.view().grid.full
  }

  get view() {
    return { ...this.look, window: this.#sources.view().window }
  }
}

/** The grid of a chart. */
export const [getGrid, setGrid] = createContext<GridState>()
