import { linesOf } from './lineEnds.ts'

/** How Python, C and spreadsheets write NaN and infinity, without the sign. */
const NOT_A_NUMBER = /^[-+]?(nan(\(\w*\))?|1\.#(qnan|snan|ind)\w*)$/i
const INFINITE = /^([-+]?)(inf|infinity|∞|1\.#inf\w*)$/i
/** A table whose columns are separated by any white space, or by at least two spaces. */
export const WHITE_SPACE = ' '
export const WIDE_SPACE = '  '

/** The cells of a line, without padding and quotes. Two quotes within quotes mean one quote. */
export function cells(line: string, separator = ','): string[] {
  if (separator === WHITE_SPACE) return line.trim().split(/\s+/)
  if (separator === WIDE_SPACE) return line.trim().split(/\s{2,}/)
  if (!line.includes('"')) return line.split(separator).map((cell) => cell.trim())
  const found: string[] = []
  let [cell, isQuoted] = ['', false]
  for (let at = 0; at < line.length; at++) {
    const sign = line.charAt(at)
    if (isQuoted && sign === '"' && line[at + 1] === '"') cell += line.charAt(at++)
    else if (sign === '"') isQuoted = !isQuoted
    else if (sign === separator && !isQuoted) {
      found.push(cell.trim())
      cell = ''
    } else cell += sign
  }
  return [...found, cell.trim()]
}

/** The number in a text, which may be NaN or infinite; undefined if it is empty or not a number. */
export function numberIn(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined
  const number = Number(text)
  if (!Number.isNaN(number)) return number
  if (NOT_A_NUMBER.test(text)) return NaN
  const sign = INFINITE.exec(text)?.[1]
  return sign === undefined ? undefined : sign === '-' ? -Infinity : Infinity
}

/**
 * The number in a cell of a table: as `numberIn`, also with a decimal comma, a percent sign or a
 * typographic minus. A comma within a cell never separates cells.
 */
export function cellNumber(cell: string | undefined): number | undefined {
  const plain = numberIn(cell)
  if (plain !== undefined || cell === undefined || !/^[-+−]?[\d.,]/.test(cell)) return plain
  return numberIn(withPoint(cell.replace(/[\s\u00A0\u202F]*%$/, '').replace('−', '-')))
}

/** Replaces a decimal comma. If there are both signs, the last one is the decimal sign. */
function withPoint(text: string): string {
  const isComma = text.lastIndexOf(',') > text.lastIndexOf('.')
  if (!isComma) return text.replaceAll(',', '')
  return text.replaceAll('.', '').replace(',', '.')
}

/** The count in a cell of a table: also `12,000`, or `3/10` of an epoch and their number. */
export function cellCount(cell: string | undefined): number | undefined {
  if (cell !== undefined && /^\d{1,3}(,\d{3})+$/.test(cell)) return Number(cell.replaceAll(',', ''))
  return cellNumber(cell?.replace(/^(\d+)\s*\/\s*\d+$/, '$1'))
}

/** The names in a table's first line; none if its lines do not end with newlines. */
export function headOf(text: string, separator = ','): string[] {
  if (!text.includes('\n') && linesOf(text).length > 1) return []
  return cells(text.split('\n', 1)[0] ?? '', separator)
}
