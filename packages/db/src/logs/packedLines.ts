import { promisify } from 'node:util'
import { zstdCompressSync, zstdDecompress } from 'node:zlib'
import { TRACEBACK } from '@bestmark/core'
import type { logChunks } from '../schema.ts'
import type { LogLine } from './logLine.ts'

/** The most lines, and about the most characters, of a chunk. */
export const CHUNK_LINES = 1_024
export const CHUNK_CHARACTERS = 256 * 1024

/** Separates the texts. No stored text contains it. */
const SEPARATOR = '\0'

type Packed = Omit<typeof logChunks.$inferSelect, 'job_id' | 'revision' | 'characters'>

/** The fields of lines without their texts, in columns. */
type Columns = [
  attempts: LogLine['attempt'][],
  steps: LogLine['step'][],
  times: LogLine['at'][],
  levels: LogLine['level'][],
  /** Missing if no line has one, and in chunks of older versions. */
  codes?: LogLine['code'][],
]

const decompress = promisify(zstdDecompress)

/** Lines, at least one, whose ordinals have no gaps, as a chunk. */
export function packLines(lines: readonly LogLine[]): Packed {
  const columns: Columns = [
    lines.map(({ attempt }) => attempt),
    lines.map(({ step }) => step),
    lines.map(({ at }) => at),
    lines.map(({ level }) => level),
  ]
  if (lines.some(({ code }) => code !== null)) columns.push(lines.map(({ code }) => code))
  const countOf = (wanted: LogLine['level']): number =>
    columns[3].filter((level) => level === wanted).length
  return {
    ordinal: lines[0]?.ordinal ?? 0,
    count: lines.length,
    texts: zstdCompressSync(lines.map(({ text }) => text).join(SEPARATOR)),
    fields: zstdCompressSync(JSON.stringify(columns)),
    ...{ warnings: countOf('warning'), errors: countOf('error'), samples: countOf('sample') },
    last_traceback: lines.findLast(({ text }) => text.includes(TRACEBACK))?.ordinal ?? null,
  }
}

/**
 * The lines of a chunk, oldest first; with `search` only those whose text has it, in any letter case.
 * A chunk without the text costs only its texts.
 */
export async function unpackLines(
  { ordinal, texts, fields }: Pick<Packed, 'ordinal' | 'texts' | 'fields'>,
  search = '',
): Promise<LogLine[]> {
  const whole = (await decompress(texts)).toString('utf8')
  if (!hasText(whole, search)) return []
  // What was compressed here has this shape.
  const parsed: unknown = JSON.parse((await decompress(fields)).toString('utf8'))
  const [attempts, steps, times, levels, codes = []] = parsed as Columns
  const lines = whole.split(SEPARATOR).map((text, index) => ({
    ordinal: ordinal + index,
    attempt: attempts[index] ?? 0,
    step: steps[index] ?? null,
    at: times[index] ?? null,
    level: levels[index] ?? 'info',
    text,
    code: codes[index] ?? null,
  }))
  return search === '' ? lines : lines.filter(({ text }) => hasText(text, search))
}

/** Whether a text has another one, in any letter case. */
export function hasText(text: string, search: string): boolean {
  return search === '' || text.toLowerCase().includes(search.toLowerCase())
}
