import type { Axis, EpochMarks } from '../charts/axis.ts'
import { stepsWithin } from '../charts/prepare.ts'
import type { LiveJob } from '../watch/liveJob.svelte.ts'
import type { ChartView } from './chartView.svelte.ts'

/** Zooms to a window of the axis, or to the whole with null; the points inside are read unthinned. */
export function lookAt(
  job: LiveJob,
  view: ChartView,
  { axis, epochs }: { axis: Axis; epochs: EpochMarks },
  window: readonly [number, number] | null,
): void {
  view.change({ window })
  const { log, smoothing, clip } = view
  const next = { axis, log, smoothing, clip, window }
  job.look(window && stepsWithin({ series: job.series, epochs, view: next }, window))
}
