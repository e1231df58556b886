/** A value as sentences show it: 5 significant digits, no trailing zeros. */
export function figure(value: number): string {
  return String(Number(value.toPrecision(5)))
}

/** An error as sentences show it: 2 significant digits. */
export function errorFigure(value: number): string {
  return String(Number(value.toPrecision(2)))
}

/** A difference with its sign, as sentences show it. */
export function signed(difference: number): string {
  return `${difference < 0 ? '−' : '+'}${figure(Math.abs(difference))}`
}

/** The same with 2 significant digits, for a glance. */
export function shortSigned(difference: number): string {
  return `${difference < 0 ? '−' : '+'}${errorFigure(Math.abs(difference))}`
}

/** A step or another whole number, with a comma before each three digits: "1,600". */
export function grouped(count: number | null | undefined): string {
  if (count === null || count === undefined) return '–'
  const text = String(count)
  return Number.isInteger(count) ? text.replace(/\B(?=(\d{3})+$)/g, ',') : text
}

/** Names as the end of a list: "a", "a and b", "a, b and c". */
export function listedWords(words: readonly string[]): string {
  const last = words.at(-1) ?? ''
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} and ${last}`
}
