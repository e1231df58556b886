import { middleCut } from '../names.ts'

/** The most characters of a chart's title. */
const TITLE = 30
/** A shorter beginning is not removed, because that would save little. */
const LONG = 8

/**
 * The beginning up to a separator that all names of a group share. Without it there is room for the
 * part that differs. It is empty if it is short, or if no name has more than `most` characters.
 */
export function sharedStart(names: readonly string[], most = TITLE): string {
  if (names.every((name) => name.length <= most)) return ''
  const [first = ''] = names
  let length = names.length > 1 ? first.length : 0
  for (const name of names) {
    while (!name.startsWith(first.slice(0, length))) length -= 1
  }
  const [start = ''] = /^.*[/._-]/.exec(first.slice(0, length)) ?? []
  return start.length > LONG ? start : ''
}

/** A name without the beginning that its group shares. The tooltip shows the full name. */
export function shortName(name: string, shared: string, most = TITLE): string {
  return middleCut(shared === '' ? name : `…${name.slice(shared.length)}`, most)
}
