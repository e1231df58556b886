const NUMBER = /[-+]?\d+\.?\d*(?:e[-+]?\d*)?%?$/i
const NUMBERS = /[-+]?\d+(?:\.\d*)?(?:e[-+]?\d*)?/gi
/** With fewer lines of the same form, the number of their decimals shows nothing. */
const FEWEST = 2

/**
 * A last line without its newline, without its last number if that is cut short: it ends within the
 * number, or it has fewer decimals than the last number of every earlier line of the same form. If it
 * is whole, the result is the line.
 */
export function withoutCutNumber(text: string, before: string): string {
  const last = NUMBER.exec(text)?.[0]
  if (last === undefined) return text
  const without = text.slice(0, -last.length)
  if (/[.e+-]$/i.test(last)) return without
  const form = formOf(text)
  const others = before.split(/\r?\n/).filter((line) => formOf(line) === form)
  const decimals = others.map((line) => decimalsOf(NUMBER.exec(line)?.[0] ?? ''))
  const isCut = decimals.length >= FEWEST && decimals.every((one) => one > decimalsOf(last))
  return isCut ? without : text
}

/** A line with a sign for each number. */
function formOf(line: string): string {
  return line.replace(NUMBERS, '#')
}

function decimalsOf(number: string): number {
  return /\.(\d+)/.exec(number)?.[1]?.length ?? 0
}
