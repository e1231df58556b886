import {
  type Detail,
  type Evaluation,
  type EventOf,
  metricOfError,
  ownValue,
  stepKey,
} from '@bestmark/core'
import { and, asc, eq, inArray, max } from 'drizzle-orm'
import type { WriteAt } from './attempts.ts'
import type { Orm } from '../connection/client.ts'
import type { Tx } from './job.ts'
import { evaluations } from '../schema.ts'
import { storableName } from '../values/storable.ts'

export type EvaluationRow = typeof evaluations.$inferSelect

/**
 * Adds evaluations. A metric measured again at the same attempt and step is stored as a repeat,
 * with its standard error, because that error does not belong to the first value.
 */
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
  const rows = events.flatMap((event) => {
    const { attempt, step, epoch, at: time, samples, scored_by } = event
    const keyOf = (metric: string): string => `${stepKey(event)}:${metric}`
    const names = Object.keys(event.values).map(storableName)
    const again = new Set(names.filter((metric) => repeats.has(keyOf(metric))))
    return Object.entries(event.values).map(([logged, value]) => {
      const metric = storableName(logged)
      const first = again.has(metricOfError(metric) ?? '') ? 1 : 0
      const repeat = Math.max(first, repeats.get(keyOf(metric)) ?? 0)
      repeats.set(keyOf(metric), repeat + 1)
      const measured = { attempt, step, metric, repeat, value, epoch, at: time, samples, scored_by }
      return { ...at, ...measured, ...originColumns(event, logged), arrival: ++arrival }
    })
  })
  for (let from = 0; from < rows.length; from += 1_000) {
    await tx.insert(evaluations).values(rows.slice(from, from + 1_000))
  }
}

/** The origin of a value: its own line, or the line of its event. */
function originColumns({ origin, lines }: EventOf<'evaluation'>, metric: string) {
  const line = ownValue(lines, metric)
  const origin_line = origin && (line ?? origin.line)
  return { origin_file: origin?.file ?? null, origin_line }
}

/** How often each metric is already stored at the steps of the events. */
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
      counts.set(`${stepKey(row)}:${row.metric}`, (row.last ?? 0) + 1)
    }
  }
  return counts
}

/**
 * The first evaluation of each metric and step of a job, one row per metric, in order of arrival.
 */
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

/**
 * The rows of each (attempt, step) as one evaluation, in order of arrival. The facts of a value are
 * listed separately if they differ from those of the first value.
 */
export function evaluationsOf(rows: readonly EvaluationRow[]): Evaluation[] {
  const byStep = Map.groupBy(rows, stepKey)
  return [...byStep.values()].flatMap((group) => {
    const [first] = group
    if (!first) return []
    const { attempt, step, epoch } = first
    const { origin, samples } = detail(first)
    const values = Object.fromEntries(group.map(({ metric, value }) => [metric, value]))
    const apart = group.filter((row) => row.scored_by !== null || !isSame(row, first))
    const details = Object.fromEntries(apart.map((row) => [row.metric, detail(row)]))
    const evaluation = { attempt, step, epoch, values, origin, samples }
    return [apart.length > 0 ? { ...evaluation, details } : evaluation]
  })
}

function detail({
  origin_file: file,
  origin_line: line,
  samples,
  scored_by,
}: EvaluationRow): Detail {
  return { origin: file === null ? null : { file, line }, samples, scored_by }
}

function isSame(row: EvaluationRow, other: EvaluationRow): boolean {
  return (
    row.origin_file === other.origin_file &&
    row.origin_line === other.origin_line &&
    row.samples === other.samples
  )
}
