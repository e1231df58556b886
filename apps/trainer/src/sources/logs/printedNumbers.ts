import { numberIn } from '../../files/csv.ts'

/** A number as programs print it. */
export const NUMBER = String.raw`[-+]?(?:nan|inf(?:inity)?|\d+\.?\d*(?:e[-+]?\d+)?|\.\d+(?:e[-+]?\d+)?)`
/** A number that may have a decimal comma (`0,45`) or commas between thousands (`1,234.5`). */
export const VALUE = String.raw`[-+]?\d{1,3}(?:,\d{3})+\.\d+|${NUMBER}(?:,\d+)*`
/** A count that may have commas between thousands. */
export const COUNT = String.raw`\d{1,3}(?:,\d{3})+(?!\d)|\d{1,15}`

/** A number with a decimal point that is not part of a date or a version. */
const POINT = /(?<![\d.,])\d+\.\d+(?![\d.])/

/**
 * The value of a printed number. One comma is the decimal sign, but a comma before three digits
 * separates thousands if the line has decimal points. Undefined for a list such as `0,1,2`.
 */
export function valueIn(text: string, line: string): number | undefined {
  const [whole = '', ...groups] = text.split(',')
  if (groups.length === 0) return numberIn(text)
  const isGrouped =
    /^[-+]?[1-9]\d{0,2}$/.test(whole) && groups.every((one) => /^\d{3}(\.|$)/.test(one))
  if (isGrouped && (groups.length > 1 || POINT.test(line)))
    return numberIn(text.replaceAll(',', ''))
  return groups.length === 1 && /^[-+]?\d+$/.test(whole)
    ? numberIn(text.replace(',', '.'))
    : undefined
}

/** The value of a printed count. */
export function countIn(text: string | undefined): number | undefined {
  return numberIn(text?.replaceAll(',', ''))
}
