import { visibleLines } from '@bestmark/core'

/**
 * Text as a page shows it, with what nobody would see in it escaped; anything else as it is. Each
 * text of our components goes through here while they are compiled.
 */
export function seen<T>(value: T): T | string {
  return typeof value === 'string' ? visibleLines(value.replaceAll('\r\n', '\n')) : value
}
