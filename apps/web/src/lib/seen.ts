import { visibleLines } from '@bestmark/core'

/**
 * Escapes invisible characters in text; returns any other value unchanged. The compiler puts each
 * text of our components through it.
 */
export function seen<T>(value: T): T | string {
  return typeof value === 'string' ? visibleLines(value.replaceAll('\r\n', '\n')) : value
}
