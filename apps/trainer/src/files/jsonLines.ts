import { setOwn } from '@bestmark/core'
/** The line (from 1) of each value that was found, by row of the log. */
export type RowLines = ReadonlyMap<unknown, Readonly<Record<string, number>>>

/** A JSON number as Python writes it, or as a word in quotes. */
const NUMBER = /\s*"?(NaN|-?Infinity|null|[-+.\deE]+)/y
/** The same name may stand deeper in the row, beside another value; so many are passed by. */
const MOST_TRIED = 4

/**
 * Finds the lines on which the evaluated values and the training losses of a log stand in the text
 * it was parsed from. Names are looked for in the order of the rows, so every row must be given; a
 * name that is not found in that order, or beside another value, has no line. O(text).
 */
export function logLines(text: string, rows: readonly unknown[]): RowLines {
  const walk = new TextWalk(text)
  walk.lineOf('log_history')
  const found = new Map<unknown, Record<string, number>>()
  for (const row of rows) {
    if (typeof row !== 'object' || row === null) continue
    const lines: Record<string, number> = {}
    for (const [name, value] of Object.entries(row)) {
      if (name !== 'loss' && !name.startsWith('eval_')) continue
      const line = walk.lineOf(name, value)
      if (line !== null) setOwn(lines, name, line)
    }
    found.set(row, lines)
  }
  return found
}

/** The line of a value outside of the log; null where it is not found. */
export function lineOf(text: string, name: string, value: unknown): number | null {
  return new TextWalk(text).lineOf(name, value)
}

/** Goes through a JSON text once, counting its lines. */
export class TextWalk {
  readonly #text: string
  #at = 0
  #line = 1
  /** The first line's end that was not passed; -1 where there is none. */
  #newline: number
  /** Where each name was found next (-1 where nowhere), since each look may read the rest of the text. */
  readonly #next = new Map<string, number>()

  constructor(text: string) {
    this.#text = text
    this.#newline = text.indexOf('\n')
  }

  /** The line of the next such name beside the value (any, where none is told); else null. */
  lineOf(name: string, value?: unknown): number | null {
    const key = `${JSON.stringify(name)}:`
    let next = this.#nextOf(key)
    for (let tried = 0; next !== -1 && tried < MOST_TRIED; tried++) {
      const after = next + key.length
      if (value === undefined || stands(this.#text, after, value)) return this.#lineAt(next)
      next = this.#text.indexOf(key, after)
    }
    return null
  }

  #nextOf(key: string): number {
    const known = this.#next.get(key)
    if (known !== undefined && (known === -1 || known >= this.#at)) return known
    const found = this.#text.indexOf(key, this.#at)
    this.#next.set(key, found)
    return found
  }

  #lineAt(position: number): number {
    while (this.#newline !== -1 && this.#newline < position) {
      this.#line++
      this.#newline = this.#text.indexOf('\n', this.#newline + 1)
    }
    // One further, so that the same name is not found again.
    this.#at = position + 1
    return this.#line
  }
}

function stands(text: string, at: number, value: unknown): boolean {
  NUMBER.lastIndex = at
  const word = NUMBER.exec(text)?.[1]
  if (word === undefined) return false
  return word === 'null' ? value === null : Object.is(Number(word), Number(value))
}
