import { type ComparedRun, ownValue, type SelectionInput, decisionOf, thin } from '@bestmark/core'
import type { Orm } from '../connection/client.ts'
import { joinedAttempts } from '../rows/joined.ts'
import type { Curve } from '../series/curves.ts'
import { joinPoints, type MeasuredPoint, seriesOfPoints } from '../series/measuredSeries.ts'

/** How many points a curve of a comparison may have. */
const POINTS = 400

/**
 * The curve of each run, in the given metric or in its deciding metric. A run that did not measure
 * it has none. The best checkpoint's point always stays.
 */
export async function overlaidCurves(
  orm: Pick<Orm, 'select'>,
  runs: readonly ComparedRun[],
  inputs: ReadonlyMap<string, SelectionInput>,
  metric: string | undefined,
): Promise<Record<string, Curve>> {
  const rows = await joinedAttempts(
    orm,
    runs.map(({ job_id }) => job_id),
  )
  const attemptsOf = Map.groupBy(rows, ({ job_id }) => job_id)
  const curves = runs.flatMap((run): [string, Curve][] => {
    const { job_id, best } = run
    const input = inputs.get(job_id)
    const named = metric ?? run.metric
    const points = input && named !== null ? pointsOf(job_id, input, named) : []
    const joined = joinPoints(points, attemptsOf.get(job_id) ?? [])
    // Thinning keeps four points of each of `points / 2` stretches, so half as many points keep the
    // limit.
    const pinned = best ? [best.step] : []
    const { steps, values } = thin(seriesOfPoints(joined), POINTS / 2, pinned)
    return steps.length > 0 ? [[job_id, { steps, values }]] : []
  })
  return Object.fromEntries(curves)
}

/** The measured values of a metric, or of a combined metric, by attempt. */
function pointsOf(job_id: string, input: SelectionInput, metric: string): MeasuredPoint[] {
  const points: MeasuredPoint[] = []
  for (const { attempt, step, values } of decisionOf(input).evaluations) {
    const value = ownValue(values, metric)
    if (value === undefined || value === null) continue
    points.push({ job_id, metric, attempt, index: 0, step, value, at: null })
  }
  return points.sort((a, b) => a.attempt - b.attempt)
}
