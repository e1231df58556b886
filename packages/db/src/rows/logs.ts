import type { EventOf } from '@bestmark/core'
import { and, desc, eq, lte, max } from 'drizzle-orm'
import type { WriteAt } from './attempts.ts'
import type { Database } from '../connection/client.ts'
import type { Tx } from './job.ts'
import { logs } from '../schema.ts'

/** How many lines of a job are stored; older ones remain in the run's files. */
export const KEPT_LINES = 5_000
/** How many characters of a line are stored. */
const LONGEST_LINE = 10_000

export interface LogLine {
  ordinal: number
  attempt: number
  step: number | null
  at: number | null
  level: EventOf<'log'>['level']
  text: string
}

/** Adds lines, and deletes those that are now too old. */
export async function recordLogs(
  tx: Tx,
  { job_id, revision }: WriteAt,
  events: readonly EventOf<'log'>[],
): Promise<void> {
  if (events.length === 0) return
  const [last] = await tx
    .select({ ordinal: max(logs.ordinal) })
    .from(logs)
    .where(eq(logs.job_id, job_id))
  const first = (last?.ordinal ?? -1) + 1
  const rows = events.map(({ attempt, step, at, level, text }, index) => {
    const line = { attempt, step, at, level, text: bounded(text) }
    return { job_id, revision, ordinal: first + index, ...line }
  })
  const kept = rows.slice(-KEPT_LINES)
  for (let from = 0; from < kept.length; from += 1_000) {
    await tx.insert(logs).values(kept.slice(from, from + 1_000))
  }
  const newest = first + events.length - 1
  await tx.delete(logs).where(and(eq(logs.job_id, job_id), lte(logs.ordinal, newest - KEPT_LINES)))
}

function bounded(text: string): string {
  const over = text.length - LONGEST_LINE
  return over > 0 ? `${text.slice(0, LONGEST_LINE)}… (${over} more characters)` : text
}

/** The newest lines of a job, oldest first. */
export async function jobLogs(
  db: Database,
  job_id: string,
  query: { level?: LogLine['level'] | undefined; limit?: number | undefined } = {},
): Promise<LogLine[]> {
  const { ordinal, attempt, step, at, level, text } = logs
  const rows = await db.orm
    .select({ ordinal, attempt, step, at, level, text })
    .from(logs)
    .where(and(eq(logs.job_id, job_id), query.level ? eq(level, query.level) : undefined))
    .orderBy(desc(ordinal))
    .limit(query.limit ?? 500)
  return rows.reverse()
}
