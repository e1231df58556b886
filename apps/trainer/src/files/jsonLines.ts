import { setOwn } from '@bestmark/core'
/** The line (from 1) of each found value, by row of the log. */
export type RowLines = ReadonlyMap<unknown, Readonly<Record<string, number>>>

/** A JSON number as Python writes it, or as a word in quotes. */
const NUMBER = /\s*"?(NaN|-?Infinity|null|[-+.\deE]+)/y
/** How many other fields of the same name are skipped, which may be nested in the row. */
const MOST_TRIED = 4

/**
 * Finds the line of each evaluation value and training loss of a log in its JSON text. It searches
 * in the order of the rows, so all rows must be given. A value that is not found in that order has no
 * line. O(text).
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

/** The line of a value outside the log; null if it is not found. */
export function lineOf(text: string, name: string, value: unknown): number | null {
  return new TextWalk(text).lineOf(name, value)
}

/** Searches through a JSON text once and counts its lines. */
export class TextWalk {
  readonly #text: string
  #at = 0
  #line = 1
  /** The position of the next newline; -1 if there is none. */
  #newline: number
  /** The next position of each name (-1 if none), because each search may read the rest of the text. */
  readonly #next = new Map<string, number>()

  constructor(text: string) {
    this.#text = text
    this.#newline = text.indexOf('\n')
  }

  /** The line of the next field with this name and value (any value if none is given), else null. */
  lineOf(name: string, value?: unknown): number | null {
    const key = `${JSON.stringify(name)}:`
    let next = this.#nextOf(key)
    for (let tried = 0; next !== -1 && tried < MOST_TRIED; tried++) {
      const after = next + key.length
      if (value === undefined || isValueAt(this.#text, after, value)) return this.#lineAt(next)
      next = this.#text.indexOf(key, after)
    }
    return null
  }

  #nextOf(key: string): number {
    const earlier = this.#next.get(key)
    if (earlier !== undefined && (earlier === -1 || earlier >= this.#at)) return earlier
    const found = this.#text.indexOf(key, this.#at)
    this.#next.set(key, found)
    return found
  }

  #lineAt(position: number): number {
    while (this.#newline !== -1 && this.#newline < position) {
      this.#line++
      this.#newline = this.#text.indexOf('\n', this.#newline + 1)
    }
    // One character further, so that the same field is not found again.
    this.#at = position + 1
    return this.#line
  }
}

function isValueAt(text: string, at: number, value: unknown): boolean {
  NUMBER.lastIndex = at
  const word = NUMBER.exec(text)?.[1]
  if (word === undefined) return false
  return word === 'null' ? value === null : Object.is(Number(word), Number(value))
}
