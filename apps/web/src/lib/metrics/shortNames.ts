import { middleCut } from '../names.ts'

/** A shared beginning that is shorter stays: it reads well, and saves little. */
const LONG = 8

/**
 * What long names of one group all begin with, up to a separator; empty where it is short. Left out,
 * the part that tells charts apart has room.
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

/** A name without what its group shares. The whole belongs in a title. */
export function shortName(name: string, shared: string, most: number): string {
  return middleCut(shared === '' ? name : `…${name.slice(shared.length)}`, most)
}
