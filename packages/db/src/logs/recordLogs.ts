import type { EventOf } from '@bestmark/core'
import { and, asc, eq, getTableColumns, lte, sql } from 'drizzle-orm'
import type { WriteAt } from '../rows/attempts.ts'
import type { Tx } from '../rows/job.ts'
import { logChunks, logs } from '../schema.ts'
import { storable } from '../values/storable.ts'
import type { LogLine } from './logLine.ts'
import { CHUNK_CHARACTERS, CHUNK_LINES, packLines } from './packedLines.ts'

/**
 * About how many characters of a job's lines are stored. Beyond them the oldest lines are dropped;
 * they remain in the run's files.
 */
const KEPT_CHARACTERS = 256 * 1024 * 1024
/** How many characters of a line are stored. */
const LONGEST_LINE = 10_000
/** How many rows are written at once. */
const ROWS = 1_000
/** How many chunks are written at once: their bytes travel as hexadecimal text. */
const CHUNKS = 50

/** Where the stored lines of a job end, and how many of them are not packed. */
interface LogEnd {
  /** The ordinal of the next line. */
  next: number
  open_lines: number
  open_characters: number
  /** The characters of all lines up to the end of the last chunk. */
  packed_characters: number
}

/** Adds lines. They stay rows until they fill a chunk, so that a line is written at most twice. */
export async function recordLogs(
  tx: Tx,
  at: WriteAt,
  events: readonly EventOf<'log'>[],
  kept_characters = KEPT_CHARACTERS,
): Promise<void> {
  if (events.length === 0) return
  const end = await endOf(tx, at.job_id)
  const lines = events.map(({ attempt, step, at, level, text, code = null }, index): LogLine => {
    const ordinal = end.next + index
    return { ordinal, attempt, step, at, level, text: bounded(storable(text)), code }
  })
  const isFull =
    end.open_lines + lines.length >= CHUNK_LINES ||
    end.open_characters + charactersOf(lines) >= CHUNK_CHARACTERS
  if (!isFull) return insertRows(tx, at, lines)
  const characters = await pack(tx, at, end, lines)
  const dropped = lte(logChunks.characters, characters - kept_characters)
  await tx.delete(logChunks).where(and(eq(logChunks.job_id, at.job_id), dropped))
}

async function endOf(tx: Tx, job_id: string): Promise<LogEnd> {
  const [row] = await tx
    .select({
      next: sql<number>`coalesce(max(${logs.ordinal}) + 1, max(last.next), 0)::float8`,
      open_lines: sql<number>`count(${logs.ordinal})::float8`,
      open_characters: sql<number>`coalesce(sum(length(${logs.text})), 0)::float8`,
      packed_characters: sql<number>`coalesce(max(last.characters), 0)::float8`,
    })
    .from(
      sql`(select ${job_id}::uuid as job_id) as job
        left join ${logs} on ${logs.job_id} = job.job_id
        left join lateral (
          select ordinal + count as next, characters from log_chunks
          where job_id = job.job_id order by ordinal desc limit 1
        ) as last on true`,
    )
    .prepare('log_end')
    .execute()
  return row ?? { next: 0, open_lines: 0, open_characters: 0, packed_characters: 0 }
}

function bounded(text: string): string {
  const over = text.length - LONGEST_LINE
  return over > 0 ? `${storable(text.slice(0, LONGEST_LINE))}… (${over} more characters)` : text
}

function charactersOf(lines: readonly LogLine[]): number {
  return lines.reduce((sum, { text }) => sum + text.length, 0)
}

async function insertRows(
  tx: Tx,
  { job_id, revision }: WriteAt,
  lines: readonly LogLine[],
): Promise<void> {
  for (let from = 0; from < lines.length; from += ROWS) {
    const rows = lines.slice(from, from + ROWS).map((line) => ({ job_id, revision, ...line }))
    await tx.insert(logs).values(rows)
  }
}

/**
 * Packs the rows and the lines after them into chunks. Lines that fill no chunk become rows. Returns
 * the characters of all lines up to the end of the last chunk.
 */
async function pack(tx: Tx, at: WriteAt, end: LogEnd, lines: readonly LogLine[]): Promise<number> {
  const { job_id } = at
  const { job_id: _job_id, revision: _revision, ...columns } = getTableColumns(logs)
  const open = await tx
    .select(columns)
    .from(logs)
    .where(eq(logs.job_id, job_id))
    .orderBy(asc(logs.ordinal))
  const { full, rest } = grouped([...open, ...lines])
  let characters = end.packed_characters
  const chunks = full.map((group) => {
    characters += charactersOf(group)
    return { ...at, ...packLines(group), characters }
  })
  await tx.delete(logs).where(eq(logs.job_id, job_id))
  for (let from = 0; from < chunks.length; from += CHUNKS) {
    await tx.insert(logChunks).values(chunks.slice(from, from + CHUNKS))
  }
  await insertRows(tx, at, rest)
  return characters
}

/**
 * Lines in groups that fill a chunk, and the lines after the last group. A group also ends at a gap,
 * which boards of earlier versions have.
 */
function grouped(lines: readonly LogLine[]): { full: LogLine[][]; rest: LogLine[] } {
  const full: LogLine[][] = []
  let group: LogLine[] = []
  let characters = 0
  for (const [index, line] of lines.entries()) {
    group.push(line)
    characters += line.text.length
    const isGap = (lines[index + 1]?.ordinal ?? line.ordinal + 1) !== line.ordinal + 1
    if (group.length < CHUNK_LINES && characters < CHUNK_CHARACTERS && !isGap) continue
    full.push(group)
    group = []
    characters = 0
  }
  return { full, rest: group }
}
