import { TRACEBACK } from '@bestmark/core'
import { eq, max, sql } from 'drizzle-orm'
import type { Database } from '../connection/client.ts'
import { logChunks } from '../schema.ts'
import type { LogLine, LogQuery } from './logLine.ts'
import { openLines, scanLogs } from './logScan.ts'

/** Some lines, oldest first. */
export interface LogPage {
  lines: LogLine[]
  /** Give it as `before` for the lines before these; null where these are the first. */
  older: number | null
  /** With order `oldest`: give it as `after` for the lines after these; null where these are the last. */
  newer: number | null
  /** The stored lines have the ordinals from `first` to before `end`, whether they match or not. */
  first: number
  end: number
}

/** The most characters of a page, so that long lines do not make a page of megabytes. */
const LONGEST_PAGE = 1_000_000

/** The newest lines that match, oldest first. */
export async function jobLogs(
  db: Database,
  job_id: string,
  query: LogQuery = {},
): Promise<LogLine[]> {
  const limit = query.limit ?? 500
  const lines: LogLine[] = []
  for await (const found of scanLogs(db.orm, job_id, { ...query, limit, order: 'newest' })) {
    for (const line of found) lines.push(line)
    if (lines.length >= limit) break
  }
  return lines.slice(0, limit).reverse()
}

/**
 * A page of the lines that match: the newest ones, or with order `oldest` the first ones. A page has
 * at least one line if there is one. A search through many lines ends early if the signal aborts.
 */
export async function jobLogPage(
  db: Database,
  job_id: string,
  query: LogQuery = {},
  signal?: AbortSignal,
): Promise<LogPage> {
  const limit = query.limit ?? 500
  const extent = await logExtent(db, job_id)
  const scan = scanLogs(db.orm, job_id, { ...query, limit })
  const { lines, isWhole } = await taken(scan, limit, signal)
  const last = isWhole ? null : (lines.at(-1)?.ordinal ?? null)
  if (query.order === 'oldest') return { lines, older: null, newer: last, ...extent }
  return { lines: lines.reverse(), older: last, newer: null, ...extent }
}

/** The first lines of a scan within the bounds of a page, and whether these are all. */
async function taken(
  scan: AsyncIterable<LogLine[]>,
  limit: number,
  signal?: AbortSignal,
): Promise<{ lines: LogLine[]; isWhole: boolean }> {
  const lines: LogLine[] = []
  let characters = 0
  for await (const found of scan) {
    signal?.throwIfAborted()
    for (const line of found) {
      if (lines.length === limit || characters >= LONGEST_PAGE) return { lines, isWhole: false }
      lines.push(line)
      characters += line.text.length
    }
  }
  return { lines, isWhole: true }
}

/** Which lines of a job are stored. */
async function logExtent(db: Database, job_id: string): Promise<{ first: number; end: number }> {
  const job = sql`job_id = ${job_id}`
  const [row] = await db.orm
    .select({
      first: sql<number>`coalesce(
        (select min(ordinal) from log_chunks where ${job}),
        (select min(ordinal) from logs where ${job}), 0)::float8`,
      end: sql<number>`coalesce(
        (select max(ordinal) + 1 from logs where ${job}),
        (select ordinal + count from log_chunks where ${job} order by ordinal desc limit 1),
        0)::float8`,
    })
    .from(sql`(select 1) as one`)
  return row ?? { first: 0, end: 0 }
}

/** The ordinal of the line that begins the last traceback, else of the last error; null if there is none. */
export async function lastTraceback(db: Database, job_id: string): Promise<number | null> {
  const begins = { search: TRACEBACK, order: 'newest' } as const
  const [line] = await openLines(db.orm, job_id, begins)
  if (line) return line.ordinal
  const [packed] = await db.orm
    .select({ last: max(logChunks.last_traceback) })
    .from(logChunks)
    .where(eq(logChunks.job_id, job_id))
  if (packed?.last != null) return packed.last
  const [error] = await jobLogs(db, job_id, { level: 'error', limit: 1 })
  return error?.ordinal ?? null
}
