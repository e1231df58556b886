import type { EventOf } from '@bestmark/core'
import { asc, eq, max, sql } from 'drizzle-orm'
import { seriesTails } from '../schema.ts'
import type { WriteAt } from './attempts.ts'
import type { Tx } from './job.ts'
import type { PointsBySeries } from './points.ts'
import { tailRows } from './tailRows.ts'

/** Appends logged points as few rows. Returns the most points that one series has in the tail then. */
export async function appendToTail(
  tx: Tx,
  at: WriteAt,
  events: readonly EventOf<'metrics'>[],
): Promise<number> {
  const { job_id, revision } = at
  let length = 0
  for (const [attempt, ofAttempt] of Map.groupBy(events, (one) => one.attempt)) {
    for (const { longest, ...row } of tailRows(ofAttempt)) {
      const before = length || (await tailLength(tx, job_id))
      length = before + longest
      await tx
        .insert(seriesTails)
        .values({ job_id, revision, attempt, length, ...row })
        .prepare('append_to_tail')
        .execute()
    }
  }
  return length
}

/** A query of its own: an insert cannot have a subquery where the tables are distributed. */
async function tailLength(tx: Tx, job_id: string): Promise<number> {
  const [row] = await tx
    .select({ length: max(seriesTails.length) })
    .from(seriesTails)
    .where(eq(seriesTails.job_id, job_id))
    .prepare('tail_length')
    .execute()
  return row?.length ?? 0
}

/** Removes the tail of a job and adds its points to `points`. */
export async function takeTail(tx: Tx, job_id: string, points: PointsBySeries): Promise<void> {
  const { attempt, length, names, steps, values, times } = seriesTails
  const ofJob = eq(seriesTails.job_id, job_id)
  const rows = await tx
    .select({
      attempt,
      names: asJson<string>(names),
      steps: asJson<StoredNumber>(steps),
      values: asJson<StoredNumber | null>(values),
      times: asJson<StoredNumber>(times),
    })
    .from(seriesTails)
    .where(ofJob)
    .orderBy(asc(length))
    .prepare('read_tail')
    .execute()
  if (rows.length === 0) return
  for (const { attempt, names, steps, values, times } of rows) {
    values.forEach((value, index) => {
      if (value === null) return
      const event = Math.floor(index / names.length)
      const point = [steps[event] ?? NaN, value, times[event] ?? NaN].map(Number)
      // Three numbers were just made.
      points.add(attempt, names[index % names.length] ?? '', point as [number, number, number])
    })
  }
  await tx.delete(seriesTails).where(ofJob)
}

/** A number in JSON of Postgres, where `NaN` and `Infinity` are strings. */
type StoredNumber = number | string

/** The driver leaves an array as text. */
const asJson = <Element>(column: (typeof seriesTails)['names' | 'steps' | 'values' | 'times']) =>
  sql<Element[]>`to_json(${column})`
