import { type EventOf, metricOfError, ownValue, stepKey } from '@bestmark/core'
import { and, eq, inArray, max } from 'drizzle-orm'
import { isFirstWrite, type WriteAt } from './attempts.ts'
import type { Tx } from './job.ts'
import { evaluations } from '../schema.ts'
import { storableName } from '../values/storable.ts'

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
  const { repeats, arrivals } = isFirstWrite(at)
    ? { repeats: new Map<string, number>(), arrivals: 0 }
    : await storedOf(tx, at.job_id, events)
  let arrival = arrivals
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

/** What is stored of a job: repeats of the metrics of some events, and the last arrival. */
async function storedOf(tx: Tx, job_id: string, events: readonly EventOf<'evaluation'>[]) {
  const arrival = tx
    .select({ last: max(evaluations.arrival) })
    .from(evaluations)
    .where(eq(evaluations.job_id, job_id))
    .prepare('last_evaluation')
    .execute()
  const [repeats, [stored]] = await Promise.all([repeatsOf(tx, job_id, events), arrival])
  return { repeats, arrivals: stored?.last ?? 0 }
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
