import { createHash } from 'node:crypto'

const NEWLINE = 10

/** Counts and digests the rows of a table, as COPY writes them: one line per row. */
export class RowDigest {
  readonly #hash = createHash('sha256')
  #rows = 0

  add(bytes: Buffer): void {
    this.#hash.update(bytes)
    for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) this.#rows++
  }

  /** Call it once. */
  end(): { rows: number; sha256: string } {
    return { rows: this.#rows, sha256: this.#hash.digest('hex') }
  }
}
