import type { Evaluation, EventOf, Measured } from '@bestmark/core'
import { and, asc, eq, inArray, max } from 'drizzle-orm'
import type { WriteAt } from './attempts.ts'
import type { Orm } from './client.ts'
import type { Tx } from './job.ts'
import { evaluations } from './schema.ts'
import { storableName } from './storable.ts'

export type EvaluationRow = typeof evaluations.$inferSelect

/** Adds evaluations; a metric measured again at the same attempt and step is kept as a repeat. */
export async function recordEvaluations(
  tx: Tx,
  at: WriteAt,
  events: readonly EventOf<'evaluation'>[],
): Promise<void> {
  if (events.length === 0) return
  const repeats = await repeatsOf(tx, at.job_id, events)
  const [last] = await tx
    .select({ arrival: max(evaluations.arrival) })
    .from(evaluations)
    .where(eq(evaluations.job_id, at.job_id))
  let arrival = last?.arrival ?? 0
  const rows = events.flatMap(({ attempt, step, epoch, at: time, values, samples, origin }) =>
    Object.entries(values).map(([said, value]) => {
      const metric = storableName(said)
      const key = `${attempt}:${step}:${metric}`
      const repeat = repeats.get(key) ?? 0
      repeats.set(key, repeat + 1)
      const measured = { attempt, step, metric, repeat, value, epoch, at: time, samples }
      const from = { origin_file: origin?.file ?? null, origin_line: origin?.line ?? null }
      return { ...at, ...measured, ...from, arrival: ++arrival }
    }),
  )
  for (let from = 0; from < rows.length; from += 1_000) {
    await tx.insert(evaluations).values(rows.slice(from, from + 1_000))
  }
}

/** How often each metric was measured already at the steps of the events. */
async function repeatsOf(
  tx: Tx,
  job_id: string,
  events: readonly EventOf<'evaluation'>[],
): Promise<Map<string, number>> {
  const { attempt, step, metric, repeat } = evaluations
  const steps = [...new Set(events.map((event) => event.step))]
  const counts = new Map<string, number>()
  for (let from = 0; from < steps.length; from += 10_000) {
    const rows = await tx
      .select({ attempt, step, metric, last: max(repeat) })
      .from(evaluations)
      .where(and(eq(evaluations.job_id, job_id), inArray(step, steps.slice(from, from + 10_000))))
      .groupBy(attempt, step, metric)
    for (const row of rows) {
      counts.set(`${row.attempt}:${row.step}:${row.metric}`, (row.last ?? 0) + 1)
    }
  }
  return counts
}

/** The evaluations of a job that count, one row a metric, in order of arrival. */
export async function evaluationRows(
  orm: Pick<Orm, 'select'>,
  job_id: string,
): Promise<EvaluationRow[]> {
  return orm
    .select()
    .from(evaluations)
    .where(and(eq(evaluations.job_id, job_id), eq(evaluations.repeat, 0)))
    .orderBy(asc(evaluations.arrival))
    .prepare('evaluation_rows')
    .execute()
}

/** The rows of each (attempt, step) as one evaluation, in order of arrival. */
export function evaluationsOf(rows: readonly EvaluationRow[]): Evaluation[] {
  const byWeights = new Map<string, Evaluation & { values: Record<string, Measured> }>()
  for (const row of rows) {
    const { attempt, step, epoch, metric, value, origin_file: file, origin_line: line } = row
    const key = `${attempt}:${step}`
    const origin = file === null ? null : { file, line }
    const evaluation = byWeights.get(key) ?? { attempt, step, epoch, values: {}, origin }
    evaluation.values[metric] = value
    byWeights.set(key, evaluation)
  }
  return [...byWeights.values()]
}
