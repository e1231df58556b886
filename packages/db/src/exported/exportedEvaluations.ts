import type { EventOf } from '@bestmark/core'
import { asc, eq } from 'drizzle-orm'
import type { Tx } from '../rows/job.ts'
import { evaluations, type JobRow } from '../schema.ts'

type EvaluationRow = typeof evaluations.$inferSelect

/** Every evaluation of a job in order of arrival, with repeats and scores. */
export async function evaluationEvents(tx: Tx, job: JobRow): Promise<EventOf<'evaluation'>[]> {
  const rows = await tx
    .select()
    .from(evaluations)
    .where(eq(evaluations.job_id, job.job_id))
    .orderBy(asc(evaluations.arrival))
  const groups: EvaluationRow[][] = []
  for (const row of rows) {
    const last = groups.at(-1)
    if (last && isTogether(last, row)) last.push(row)
    else groups.push([row])
  }
  // The job stores directions without their evaluation, so the first evaluation gets them.
  return groups.map((group, index) => eventOf(group, index === 0 ? job.metric_directions : {}))
}

/** Whether a row belongs to the same event as the rows before it. */
function isTogether(group: readonly EvaluationRow[], row: EvaluationRow): boolean {
  const [first] = group
  return (
    first !== undefined &&
    first.attempt === row.attempt &&
    first.step === row.step &&
    first.epoch === row.epoch &&
    first.at === row.at &&
    first.samples === row.samples &&
    first.origin_file === row.origin_file &&
    first.scored_by === row.scored_by &&
    group.every(({ metric }) => metric !== row.metric)
  )
}

function eventOf(
  group: readonly EvaluationRow[],
  directions: EventOf<'evaluation'>['directions'],
): EventOf<'evaluation'> {
  const [first] = group
  if (!first) throw new Error('An evaluation without a value cannot be exported.')
  const { attempt, step, epoch, at, samples, origin_file: file, scored_by } = first
  const line = first.origin_line
  const withOwnLine = group.filter((row) => row.origin_line !== null && row.origin_line !== line)
  return {
    ...{ type: 'evaluation', attempt, step, epoch, at, samples, scored_by, directions },
    values: Object.fromEntries(group.map(({ metric, value }) => [metric, value])),
    origin: file === null ? null : { file, line },
    lines: Object.fromEntries(
      withOwnLine.map(({ metric, origin_line }) => [metric, origin_line ?? 1]),
    ),
  }
}
