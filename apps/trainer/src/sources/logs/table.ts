import { cellCount, cellNumber, cells, WHITE_SPACE, WIDE_SPACE } from '../../files/csv.ts'
import { isHeldOut } from '../events/names.ts'
import { findCountKind, type LogRecord, recordOfPairs } from './logRecord.ts'

/** The mean reward of the last training episodes in Stable-Baselines3. */
const REWARD = 'rollout/ep_rew_mean'
const SEPARATORS = [',', '\t', ';', '|', WIDE_SPACE, WHITE_SPACE]
/** A head begins with a word, which may be in quotes or after a comment sign. */
const BEGINNING = /^[\s"'|,;]*(#\s*)?["']?[\p{L}_]/u
const NAME = /^[\p{L}_#][^{}]{0,80}$|^$/u
/** Lines before a head. */
const COMMENT = /^\s*(#|\/\/|%|\+-|[┌┏╭├┡╞]|$)/
/** Borders of columns in the tables of rich and others. */
const BORDERS = /[│┃]/g
/** At most this many lines may precede a head. */
const MOST_COMMENTS = 40

/** The head of a table: the column names and their separator. */
export interface Head {
  names: string[]
  separator: string
  /** The first and last characters of the names, if spaces separate the columns. */
  columns?: Span[]
}

/** The first character of a cell, and the one after its last. */
type Span = [from: number, to: number]

/** Reads a table head: it has a count column and others; undefined for any other line. */
export function readTableHead(line: string): Head | undefined {
  const bordered = line.replace(BORDERS, '|')
  if (!BEGINNING.test(bordered)) return undefined
  const text = bordered.replace(/^\s*#\s*/, '')
  for (const separator of SEPARATORS) {
    const names = withIndex(cells(text, separator))
    if (names.length < 2 || !names.some((name) => findCountKind(name))) continue
    const isSpaced = separator === WHITE_SPACE || separator === WIDE_SPACE
    // With spaces between columns, a sentence would look like a head.
    if (isSpaced && !names.every((name) => /^[^\s:=]+( [^\s:=]+)?$/.test(name))) continue
    if (!names.every((name) => NAME.test(name))) continue
    return { names, separator, ...(separator === WIDE_SPACE && { columns: spansOf(line) }) }
  }
  return undefined
}

/** pandas writes the index of a table, which is its epoch in a history, as a column without a name. */
function withIndex(names: string[]): string[] {
  const [first, ...others] = names
  const isHistory = others.some((name) => isHeldOut(name)) && !names.some(findCountKind)
  return first === '' && isHistory ? ['epoch', ...others] : names
}

/** The head of a table after its comments, and the number of the lines up to it. */
export function findTableHead(lines: readonly string[]): { head: Head; end: number } | undefined {
  for (const [index, line] of lines.slice(0, MOST_COMMENTS).entries()) {
    const head = readTableHead(line)
    const after = lines.slice(index + 1).find((one) => one.trim() !== '') ?? ''
    const isSure = !line.trimStart().startsWith('#') || readTableRow(after, head) !== undefined
    if (head && isSure) return { head, end: index + 1 }
    if (!COMMENT.test(line)) return undefined
  }
  return undefined
}

/** Reads a table row; undefined if it has no count or no metric. */
export function readTableRow(line: string, head: Head | undefined): LogRecord | undefined {
  if (!head) return undefined
  const { names, separator, columns } = head
  const isSpaced = separator === WHITE_SPACE || separator === WIDE_SPACE
  const whole = cells(line.replace(BORDERS, '|'), separator)
  const row = isSpaced && whole.length < names.length ? alignedCells(line, columns) : whole
  if (!row || (isSpaced && row.length !== names.length)) return undefined
  const record = recordOfPairs(
    names.map((name, index) => {
      return [name, (findCountKind(name) ? cellCount : cellNumber)(row[index])]
    }),
  )
  return record && !names.some((name) => isHeldOut(name)) ? withReward(record) : record
}

function spansOf(line: string): Span[] {
  return [...line.matchAll(/\S+(?: \S+)*/g)].map(({ 0: cell, index }) => [
    index,
    index + cell.length,
  ])
}

/** The cells of a row with empty cells: each is aligned with its column, right or left. */
function alignedCells(line: string, columns: readonly Span[] = []): string[] | undefined {
  const spans = spansOf(line)
  for (const side of [1, 0] as const) {
    const found = columns.map((column) => spans.find((span) => span[side] === column[side]))
    if (found.filter((span) => span !== undefined).length === spans.length && spans.length > 1)
      return found.map((span) => (span ? line.slice(...span) : ''))
  }
  return undefined
}

/** Without evaluations, Stable-Baselines3 measures a policy by the episodes of its training. */
function withReward(record: LogRecord): LogRecord {
  const { [REWARD]: reward, ...metrics } = record.metrics
  return reward === undefined ? record : { ...record, metrics, evaluation: { [REWARD]: reward } }
}
