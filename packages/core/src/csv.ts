/**
 * The first characters of a cell that a spreadsheet runs as a formula, also in their full-width forms
 * (https://owasp.org/www-community/attacks/CSV_Injection).
 */
const FORMULA = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/

/**
 * One row of a CSV file; cells are quoted as RFC 4180 requires. A text that a spreadsheet would run
 * as a formula gets an apostrophe at its start.
 */
export function csvRow(cells: readonly (string | number | boolean)[]): string {
  return `${cells.map(cell).join(',')}\n`
}

function cell(value: string | number | boolean): string {
  const plain = String(value)
  const text = typeof value === 'string' && FORMULA.test(plain) ? `'${plain}` : plain
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
