import { cells, headOf, numberIn } from '../../files/csv.ts'
import { isCountName, type LogReading, readingOf } from './reading.ts'

const SEPARATORS = [',', '\t', ';', '|']

/** The head of a table: its names, and what separates them. */
export interface Head {
  names: string[]
  separator: string
}

/** The head that a line is: it has a column that counts and others; undefined for any other line. */
export function headIn(line: string): Head | undefined {
  for (const separator of SEPARATORS) {
    const names = headOf(line, separator)
    if (names.length < 2 || !names.some((name) => isCountName(name))) continue
    if (names.every((name) => /^[A-Za-z_][^{}]{0,80}$|^$/.test(name))) return { names, separator }
  }
  return undefined
}

/** What a row of a table measured; undefined where its cells do not fit the head. */
export function rowReading(line: string, { names, separator }: Head): LogReading | undefined {
  const row = cells(line, separator)
  return readingOf(names.map((name, index) => [name, numberIn(row[index])]))
}
