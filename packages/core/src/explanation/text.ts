import { columns } from '../columns.ts'
import type { Origin } from '../run/event.ts'
import type { Measured } from '../measured.ts'
import { superlative } from '../metric/direction.ts'
import type { Explanation, Note, Question, Reading, TableRow, Winner } from './explanation.ts'
import { figure, grouped, signed } from '../metric/figure.ts'
import type { Selection } from '../selection/selection.ts'
import { visible } from '../visible.ts'

export interface TextOptions {
  /** The most characters in a line of prose (100); tables are as wide as they need. */
  width?: number
  /** How many rows of the table are shown; all by default. */
  rows?: number
  /** The command that gives an answer to the question; the question ends without one by default. */
  answer?: (choice: Winner, code: Question['code']) => string
}

/** Plain characters, so that people, screen readers and grep all can read them. */
const MARKS: Record<Note['tone'], string> = { alarm: '!! ', warning: '!  ', note: '-  ' }

/**
 * A choice as plain text for terminals: the reason, the decider, notes, readings, other metrics'
 * winners, the question, and the table. The table's last column is the file and line of each value.
 * Ends without a line break.
 */
export function explanationText(
  selection: Selection,
  explanation: Explanation,
  table: readonly TableRow[],
  { width = 100, rows = table.length, answer }: TextOptions = {},
): string {
  const { sentence, decided, notes, readings, winners, question } = explanation
  const parts = [
    [...wrapped(sentence, width), ...wrapped(`Decided by: ${decided}`, width)],
    notes.flatMap(({ tone, text, origin }) => {
      return wrapped(`${text}${origin ? ` (${originText(origin)})` : ''}`, width, MARKS[tone])
    }),
    columns(readings.map(readingRow), [1]),
    winners.length > 0 ? ['By other metrics:', ...columns(winners.map(winnerRow), [1])] : [],
    question ? questionLines(question, { width, answer }) : [],
    tableLines(selection, table, rows),
  ]
  return parts
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')
}

/** Text in lines of at most `width` characters, after a mark. A longer word is not broken. */
function wrapped(text: string, width: number, mark = ''): string[] {
  const lines: string[] = []
  let line = mark
  for (const word of visible(text).split(' ')) {
    const isFull = line.length > mark.length && line.length + 1 + word.length > width
    if (isFull) lines.push(line)
    const begins = isFull || line.length === mark.length
    line = begins ? `${isFull ? ' '.repeat(mark.length) : mark}${word}` : `${line} ${word}`
  }
  return [...lines, line]
}

/** A question for a terminal, with the command for each answer. */
export function questionLines(
  { code, choices, text }: Question,
  { width = 100, answer }: Pick<TextOptions, 'width' | 'answer'>,
): string[] {
  const asked = wrapped(text, width, '?  ')
  if (!answer) return asked
  const answers = choices.map((one) => [`   ${one.metric}:`, answer(one, code)])
  return [...asked, '   To answer:', ...columns(answers, [])]
}

function readingRow({ label, text, remark, origin }: Reading): string[] {
  return [`  ${label}`, text, remark ?? '', origin ? originText(origin) : '']
}

function winnerRow({ metric, direction, best, agrees, missed }: Winner): string[] {
  const value = `${superlative(direction)} ${figure(best.value)}`
  const better = missed
    ? `; step ${grouped(missed.step)} reached ${figure(missed.value)} unsaved`
    : ''
  const same = `${agrees ? 'the same' : 'another'}${better}`
  return [
    `  ${metric}`,
    `step ${grouped(best.step)}`,
    value,
    '',
    same,
    best.origin ? originText(best.origin) : '',
  ]
}

function tableLines({ metric }: Selection, table: readonly TableRow[], most: number): string[] {
  if (table.length === 0) return []
  const hasAttempts = table.some(({ attempt }) => attempt > 0)
  const hasPaths = table.some(({ path }) => path !== null)
  const hasOrigins = table.some(({ origin }) => origin !== null)
  const only = (isShown: boolean, cell: string): string[] => (isShown ? [cell] : [])
  const head = [
    ...['rank', ...only(hasAttempts, 'attempt'), 'step', metric ?? 'value', 'difference'],
    ...[...only(hasPaths, 'checkpoint'), 'why', ...only(hasOrigins, 'from')],
  ]
  const rows = table
    .slice(0, most)
    .map((row) => [
      ...[`${row.rank ?? '–'}`, ...only(hasAttempts, `${row.attempt}`), shown(row.step, grouped)],
      ...[shown(row.value, figure), row.is_best ? '' : shown(row.difference, signed)],
      ...[...only(hasPaths, row.path ?? '–'), why(row), row.origin ? originText(row.origin) : ''],
    ])
  const figures = hasAttempts ? [0, 1, 2, 3, 4] : [0, 1, 2, 3]
  const left = table.length - rows.length
  return [...columns([head, ...rows], figures), ...only(left > 0, `and ${left} more`)]
}

function why({ why, is_best, is_tied }: TableRow): string {
  if (!is_tied) return why
  return is_best ? `${why}, but others are within the noise` : `${why}, within noise of the best`
}

/** A number of a ranked checkpoint; a skipped one has none. */
function shown(value: Measured, words: (value: number) => string): string {
  return value === null ? '–' : words(value)
}

/** The origin of a number, in the form that editors and terminals recognise. */
function originText({ file, line }: Origin): string {
  return line === null ? file : `${file}:${line}`
}
