/**
 * An array as Postgres reads it (8.15.6); -0 keeps its sign. Throws a `TypeError` for elements other
 * than texts, numbers, booleans and null.
 */
export function arrayText(elements: readonly unknown[]): string {
  return `{${elements.map(elementText).join()}}`
}

function elementText(value: unknown): string {
  if (value === null) return 'NULL'
  if (typeof value === 'string') return `"${value.replace(/["\\]/g, '\\$&')}"`
  if (Object.is(value, -0)) return '-0'
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  throw new TypeError(`An array of Postgres cannot be written with a ${typeof value}.`)
}
