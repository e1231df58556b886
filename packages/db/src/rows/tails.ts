import { asc, eq, sql } from 'drizzle-orm'
import { seriesTails } from '../schema.ts'
import type { WriteAt } from './attempts.ts'
import type { Tx } from './job.ts'
import type { Points, PointsBySeries } from './points.ts'

/** Appends one row per attempt. Returns the most points that one series has in the tail then. */
export async function appendToTail(tx: Tx, at: WriteAt, points: PointsBySeries): Promise<number> {
  const { job_id, revision } = at
  let length = 0
  for (const [attempt, series] of Map.groupBy(points.all, (one) => one.attempt)) {
    const added = Math.max(...series.map(({ steps }) => steps.length))
    const before = sql`coalesce((select max(length) from series_tails where job_id = ${job_id}), 0)`
    const [row] = await tx
      .insert(seriesTails)
      .values({ job_id, revision, attempt, length: sql`${before} + ${added}`, ...columns(series) })
      .returning({ length: seriesTails.length })
      .prepare('append_to_tail')
      .execute()
    length = row?.length ?? length
  }
  return length
}

function columns(series: readonly Points[]) {
  const names = series.flatMap(({ name, steps }) => steps.map(() => name))
  const all = (of: (points: Points) => number[]): number[] => series.flatMap(of)
  const [steps, values, times] = [
    all((one) => one.steps),
    all((one) => one.values),
    all((one) => one.times),
  ]
  const bytes = new Float64Array(3 * names.length)
  names.forEach((_, index) => {
    bytes.set([steps[index] ?? NaN, values[index] ?? NaN, times[index] ?? NaN], 3 * index)
  })
  return { names, steps, values, times, bytes }
}

/** Removes the tail of a job and adds its points to `points`. */
export async function takeTail(tx: Tx, job_id: string, points: PointsBySeries): Promise<void> {
  const { attempt, bytes, length } = seriesTails
  // The driver leaves an array as text.
  const namesAsJson = sql<string[]>`to_json(${seriesTails.names})`
  const ofJob = eq(seriesTails.job_id, job_id)
  const rows = await tx
    .select({ attempt, names: namesAsJson, bytes })
    .from(seriesTails)
    .where(ofJob)
    .orderBy(asc(length))
    .prepare('read_tail')
    .execute()
  if (rows.length === 0) return
  for (const row of rows) {
    row.names.forEach((name, index) => {
      const [step = NaN, value = NaN, time = NaN] = row.bytes.subarray(3 * index, 3 * index + 3)
      points.add(row.attempt, name, [step, value, time])
    })
  }
  await tx.delete(seriesTails).where(ofJob)
}
