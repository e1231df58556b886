import { and, asc, desc, eq, getTableColumns, gt, lt, type SQL, sql } from 'drizzle-orm'
import type { Database } from '../connection/client.ts'
import { logChunks, logs } from '../schema.ts'
import { storable } from '../values/storable.ts'
import type { LogLine, LogQuery } from './logLine.ts'
import { hasText, unpackLines } from './packedLines.ts'

/** How many chunks are read at once; a search looks through many of them. */
const CHUNKS = { page: 2, search: 32 }

type Orm = Pick<Database['orm'], 'select'>

/**
 * The lines that match, in groups. The groups and their lines are in the wanted order, and each line
 * comes once, also while the job is being recorded.
 */
export async function* scanLogs(
  orm: Orm,
  job_id: string,
  query: LogQuery,
): AsyncGenerator<LogLine[]> {
  const open = await openLines(orm, job_id, query)
  if (query.order === 'oldest') {
    let last = query.after ?? -1
    for await (const lines of packedLines(orm, job_id, query)) {
      yield lines
      last = lines.at(-1)?.ordinal ?? last
    }
    // Lines may have been packed since they were read as rows.
    yield open.filter(({ ordinal }) => ordinal > last)
    return
  }
  yield open
  const before = open.at(-1)?.ordinal ?? query.before
  yield* packedLines(orm, job_id, { ...query, before })
}

/** The lines that match and are not packed yet. */
export async function openLines(orm: Orm, job_id: string, query: LogQuery): Promise<LogLine[]> {
  const { level, before, after, order } = query
  const { job_id: _job_id, revision: _revision, ...columns } = getTableColumns(logs)
  const rows = orm
    .select(columns)
    .from(logs)
    .where(
      and(
        eq(logs.job_id, job_id),
        level && eq(logs.level, level),
        before === undefined ? undefined : lt(logs.ordinal, before),
        after === undefined ? undefined : gt(logs.ordinal, after),
      ),
    )
    .orderBy(order === 'oldest' ? asc(logs.ordinal) : desc(logs.ordinal))
  const search = storable(query.search ?? '')
  const { limit = Infinity } = query
  const isLimited = search === '' && Number.isFinite(limit)
  // One more line than wanted shows that there are more.
  const found = await (isLimited ? rows.limit(limit + 1) : rows)
  return found.filter(({ text }) => hasText(text, search))
}

async function* packedLines(
  orm: Orm,
  job_id: string,
  { level, search, before = Infinity, after = -1, order }: LogQuery,
): AsyncGenerator<LogLine[]> {
  const isOldest = order === 'oldest'
  const sought = storable(search ?? '')
  let [from, to] = [after + 1, before]
  for (;;) {
    const chunks = await orm
      .select()
      .from(logChunks)
      .where(and(inRange(job_id, from, to), level && hasLevel(level)))
      .orderBy(isOldest ? asc(logChunks.ordinal) : desc(logChunks.ordinal))
      .limit(sought === '' && !level ? CHUNKS.page : CHUNKS.search)
    const last = chunks.at(-1)
    if (!last) return
    for (const lines of await Promise.all(chunks.map((chunk) => unpackLines(chunk, sought)))) {
      const found = lines.filter((line) => {
        return line.ordinal >= from && line.ordinal < to && (!level || line.level === level)
      })
      yield isOldest ? found : found.reverse()
    }
    if (isOldest) from = last.ordinal + last.count
    else to = last.ordinal
  }
}

/** The chunks with lines from `from` to before `to`. */
function inRange(job_id: string, from: number, to: number): SQL | undefined {
  // The chunk with the line `from` is the last one that begins at or before it.
  const first = sql`coalesce((
    select max(ordinal) from log_chunks where job_id = ${job_id} and ordinal <= ${from}), 0)`
  return and(
    eq(logChunks.job_id, job_id),
    sql`${logChunks.ordinal} >= ${first}`,
    sql`${logChunks.ordinal} + ${logChunks.count} > ${from}`,
    Number.isFinite(to) ? lt(logChunks.ordinal, to) : undefined,
  )
}

function hasLevel(level: LogLine['level']): SQL | undefined {
  if (level === 'warning') return gt(logChunks.warnings, 0)
  if (level === 'error') return gt(logChunks.errors, 0)
  if (level === 'sample') return gt(logChunks.samples, 0)
  const others = sql`${logChunks.warnings} + ${logChunks.errors} + ${logChunks.samples}`
  return gt(logChunks.count, others)
}
