import { unflatten } from 'devalue'
import { namedRecord } from './named.ts'

/** The longest input of a procedure, in characters, also after decoding. */
export const LONGEST_INPUT = 65_536

/** The deepest nesting of lists and objects in an input. */
const DEEPEST = 16

/** The mark of a record's entries with names that devalue refuses. */
const NAMED = 'named'

/** What devalue writes for a hole in a list. */
const HOLE = -2
/** The lowest number that devalue writes for a value which JSON does not have, such as NaN. */
const LOWEST = -6

/** The input of a procedure cannot be read; the message says why. */
export class InputRefused extends Error {
  override readonly name = 'InputRefused'
}

/**
 * Decodes the input of a procedure. Only plain data is taken: null, booleans, numbers, text, lists
 * and objects. Throws InputRefused, before decoding, if the result would exceed LONGEST_INPUT
 * characters: a few bytes can stand for a very long list with holes, or for a value that is used many
 * times.
 */
export function decodeInput(text: unknown): unknown {
  if (typeof text !== 'string') throw new InputRefused('The input must be text.')
  if (text.length > LONGEST_INPUT) throw tooLarge()
  const flat: unknown = JSON.parse(text)
  if (Array.isArray(flat)) new Measure(flat).of(0)
  else if (typeof flat !== 'number') throw unreadable()
  return unflatten(flat, { [NAMED]: namedRecord.decode })
}

interface Extent {
  /** In characters, where everything inside counts each time it is used. */
  size: number
  /** Levels of lists and objects. */
  height: number
}

const LEAF: Extent = { size: 1, height: 0 }

/** Measures what a flat list of values decodes to, each value once. */
class Measure {
  readonly #values: readonly unknown[]
  readonly #measured = new Map<number, Extent | 'open'>()

  constructor(values: readonly unknown[]) {
    this.#values = values
  }

  of(index: unknown, depth = 0): Extent {
    if (typeof index !== 'number' || !Number.isInteger(index)) throw unreadable()
    if (index < 0 && index >= LOWEST && index !== HOLE) return LEAF
    if (index < 0 || index >= this.#values.length) throw unreadable()
    const measured = this.#measured.get(index)
    if (measured === 'open') throw new InputRefused('The input contains itself.')
    if (measured) return measured
    this.#measured.set(index, 'open')
    const extent = this.#ofValue(this.#values[index], depth)
    if (extent.height > DEEPEST) throw tooDeep()
    this.#measured.set(index, extent)
    return extent
  }

  #ofValue(value: unknown, depth: number): Extent {
    if (typeof value === 'string') return { size: 1 + value.length, height: 0 }
    if (typeof value !== 'object' || value === null) return LEAF
    if (depth > DEEPEST) throw tooDeep()
    if (Array.isArray(value)) {
      return this.#ofParts(value[0] === NAMED ? value.slice(1) : value, 0, depth)
    }
    const names = Object.keys(value).reduce((sum, name) => sum + name.length, 0)
    return this.#ofParts(Object.values(value), names, depth)
  }

  #ofParts(parts: readonly unknown[], names: number, depth: number): Extent {
    const whole = { size: 1 + names, height: 1 }
    for (const part of parts) {
      const { size, height } = this.of(part, depth + 1)
      whole.size += size
      whole.height = Math.max(whole.height, 1 + height)
      if (whole.size > LONGEST_INPUT) throw tooLarge()
    }
    return whole
  }
}

function unreadable(): InputRefused {
  return new InputRefused(
    'The input is not plain data: null, booleans, numbers, text, lists, objects.',
  )
}

function tooDeep(): InputRefused {
  return new InputRefused(`The input is nested deeper than ${DEEPEST} levels.`)
}

function tooLarge(): InputRefused {
  return new InputRefused(`The input is larger than ${LONGEST_INPUT} characters.`)
}
