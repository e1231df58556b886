import { thin } from '@bestmark/core'
import type { Database } from '../connection/client.ts'
import { joinedAttempts } from '../rows/joined.ts'
import { joinPoints, measuredPoints, seriesOfPoints } from './measuredSeries.ts'

/** A small curve of eval_loss. */
export interface Curve {
  steps: Float64Array
  values: Float64Array
}

/** How many points a curve in a list may have. */
const POINTS = 60

/** The eval_loss curve of each job that has one. */
export async function evalCurves(
  { orm }: Database,
  job_ids: readonly string[],
): Promise<Record<string, Curve>> {
  if (job_ids.length === 0) return {}
  const points = await measuredPoints(orm, job_ids, ['eval_loss'])
  const rows = await joinedAttempts(orm, job_ids)
  const pointsOf = Map.groupBy(points, ({ job_id }) => job_id)
  const rowsOf = Map.groupBy(rows, ({ job_id }) => job_id)
  const curves = [...pointsOf].map(([job_id, points]): [string, Curve] => {
    const joined = joinPoints(points, rowsOf.get(job_id) ?? [])
    // Thinning keeps four points of each of `points / 2` stretches, so half as many points keep the
    // limit.
    const { steps, values } = thin(seriesOfPoints(joined), POINTS / 2)
    return [job_id, { steps, values }]
  })
  return Object.fromEntries(curves)
}
