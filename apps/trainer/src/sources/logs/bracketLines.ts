import { EMPTY_RECORD, type LogRecord, splitByKind } from './logRecord.ts'
import { readPairs } from './textLines.ts'

/** The counts in brackets so far. Plain data, because it is stored in the cursor. */
export interface Brackets {
  total: number | null
  last: number
  /** Whether they are no count of the training: their total changed, or they began again. */
  isOther: boolean
}

export function noBrackets(): Brackets {
  return { total: null, last: 0, isOther: false }
}

/** `[1000/300000] Train loss: 0.1, Valid loss: 0.2`: a count without a word, and its total. */
const LINE = /^\[\s*0*(\d{1,12})\s*\/\s*(\d{1,12})\s*\]:?\s+(.*)$/

/**
 * Reads a line that begins with a count and its total in brackets, and has held-out metrics.
 * Undefined for any other line, and for counts that begin again, as batches do.
 */
export function readBracketLine(brackets: Brackets, text: string): LogRecord | undefined {
  const [, digits, totalDigits, rest = ''] = LINE.exec(text) ?? []
  if (digits === undefined || brackets.isOther) return undefined
  const [count, total] = [Number(digits), Number(totalDigits)]
  const kinds = splitByKind(readPairs(rest))
  if (Object.keys(kinds.evaluation).length === 0) return undefined
  if (count > total || count <= brackets.last || (brackets.total ?? total) !== total) {
    brackets.isOther = true
    return undefined
  }
  Object.assign(brackets, { total, last: count })
  return { ...EMPTY_RECORD, step: count, total_steps: total, ...kinds }
}
