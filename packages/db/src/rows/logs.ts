import type { EventOf } from '@bestmark/core'
import { and, desc, eq, gt, ilike, lt, lte, max, type SQL, sql } from 'drizzle-orm'
import type { WriteAt } from './attempts.ts'
import type { Database } from '../connection/client.ts'
import type { Tx } from './job.ts'
import { logs } from '../schema.ts'
import { storable } from '../values/storable.ts'

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

/** Which lines of a job; all of them where nothing is given. */
export interface LogQuery {
  level?: LogLine['level'] | undefined
  /** A part of the text, in any letter case. */
  search?: string | undefined
  /** Only lines with a lower ordinal. */
  before?: number | undefined
  /** Only lines with a higher ordinal. */
  after?: number | undefined
  /** The most lines, 500 by default. */
  limit?: number | undefined
}

/** Some lines, oldest first. */
export interface LogPage {
  lines: LogLine[]
  /** Give it as `before` for the lines before these; null where these are the first. */
  older: number | null
}

/** The most characters of a page, so that long lines do not make a page of megabytes. */
const LONGEST_PAGE = 1_000_000

/** The newest lines that match, oldest first. */
export async function jobLogs(
  db: Database,
  job_id: string,
  query: LogQuery = {},
): Promise<LogLine[]> {
  const { ordinal, attempt, step, at, level, text } = logs
  const rows = await db.orm
    .select({ ordinal, attempt, step, at, level, text })
    .from(logs)
    .where(matching(job_id, query))
    .orderBy(desc(ordinal))
    .limit(query.limit ?? 500)
  return rows.reverse()
}

/** The newest page of the lines that match. A page has at least one line if there is one. */
export async function jobLogPage(
  db: Database,
  job_id: string,
  query: LogQuery = {},
): Promise<LogPage> {
  const { limit = 500 } = query
  const { ordinal, attempt, step, at, level, text } = logs
  const newest = db.orm
    .select({ ordinal, attempt, step, at, level, text })
    .from(logs)
    .where(matching(job_id, query))
    .orderBy(desc(ordinal))
    .limit(limit + 1)
    .as('newest')
  const longer = sql<number>`sum(length(text)) over (order by ordinal desc) - length(text)`
  const measured = db.orm
    .select({
      ...{ ordinal: newest.ordinal, attempt: newest.attempt, step: newest.step, at: newest.at },
      ...{ level: newest.level, text: newest.text },
      /** The characters of the lines after it. */
      longer: longer.as('longer'),
      found: sql<number>`(count(*) over ())::int`.as('found'),
    })
    .from(newest)
    .as('measured')
  const rows = await db.orm
    .select()
    .from(measured)
    .where(lt(measured.longer, LONGEST_PAGE))
    .orderBy(desc(measured.ordinal))
    .limit(limit)
  const lines = rows.map(({ longer: _longer, found: _found, ...line }) => line).reverse()
  const isWhole = (rows[0]?.found ?? 0) === lines.length
  return { lines, older: isWhole ? null : (lines[0]?.ordinal ?? null) }
}

function matching(job_id: string, { level, search, before, after }: LogQuery): SQL | undefined {
  const part = storable(search ?? '').replace(/[\\%_]/g, '\\$&')
  return and(
    eq(logs.job_id, job_id),
    level && eq(logs.level, level),
    part ? ilike(logs.text, `%${part}%`) : undefined,
    before === undefined ? undefined : lt(logs.ordinal, before),
    after === undefined ? undefined : gt(logs.ordinal, after),
  )
}
