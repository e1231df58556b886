import { middleCut } from '../names.ts'

/** A shorter beginning is not removed, because that would save little. */
const LONG = 8

/**
 * The beginning up to a separator that all names of a group share; empty if it is short. Without it
 * there is room for the part that differs.
 */
export function sharedStart(names: readonly string[]): string {
  const [first = ''] = names
  let length = names.length > 1 ? first.length : 0
  for (const name of names) {
    while (!name.startsWith(first.slice(0, length))) length -= 1
  }
  const [start = ''] = /^.*[/._-]/.exec(first.slice(0, length)) ?? []
  return start.length > LONG ? start : ''
}

/** A name without the beginning that its group shares. The tooltip shows the full name. */
export function shortName(name: string, shared: string, most: number): string {
  return middleCut(shared === '' ? name : `…${name.slice(shared.length)}`, most)
}
