/** How Python and C write NaN and infinity. */
const WORDS = new Map([
  ['nan', NaN],
  ['-nan', NaN],
  ['inf', Infinity],
  ['+inf', Infinity],
  ['-inf', -Infinity],
  ['infinity', Infinity],
  ['-infinity', -Infinity],
])

/** The cells of a line, without padding and quotes. Two quotes within quotes mean one quote. */
export function cells(line: string, separator = ','): string[] {
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

/** The number in a cell, which may be NaN or infinite; undefined if it is empty or not a number. */
export function numberIn(cell: string | undefined): number | undefined {
  if (cell === undefined || cell === '') return undefined
  const number = Number(cell)
  if (!Number.isNaN(number)) return number
  return WORDS.get(cell.toLowerCase())
}

/** The names in a table's first line. */
export function headOf(text: string, separator = ','): string[] {
  return cells(text.split('\n', 1)[0] ?? '', separator)
}
