const NEWLINE = 10
/** Longer than any line of JSON in a backup (bytes). */
const LONGEST_LINE = 16 * 1024 * 1024

/** Reads the text of a backup from start to end: lines, and rows up to a line that ends them. */
export class BackupText {
  readonly #pieces: AsyncIterator<Buffer>
  /** What was read from the source and not returned yet. */
  #rest: Buffer = Buffer.alloc(0)

  constructor(source: AsyncIterable<Buffer>) {
    this.#pieces = source[Symbol.asyncIterator]()
  }

  /** The next line without its newline; undefined at the end, or if the end has no newline. */
  async line(): Promise<string | undefined> {
    let at = this.#rest.indexOf(NEWLINE)
    while (at < 0 && this.#rest.length < LONGEST_LINE) {
      if (!(await this.#more())) return undefined
      at = this.#rest.indexOf(NEWLINE)
    }
    const line = this.#rest.subarray(0, at).toString()
    this.#rest = this.#rest.subarray(at + 1)
    return line
  }

  /** All bytes before a line, which is skipped. At the end of the text it stops without an error. */
  async *until(line: string): AsyncGenerator<Buffer> {
    const end = Buffer.from(`\n${line}`)
    // The first byte was given before. The first row begins a line, too.
    let held: Buffer = Buffer.from('\n')
    for (;;) {
      const text = Buffer.concat([held, this.#rest])
      const at = text.indexOf(end)
      // The end may have begun in the last bytes.
      const last = at < 0 ? Math.max(0, text.length - end.length + 1) : at
      this.#rest = at < 0 ? Buffer.alloc(0) : text.subarray(at + end.length)
      const rows = text.subarray(1, last + 1)
      if (rows.length > 0) yield rows
      if (at >= 0) return
      held = text.subarray(last)
      if (!(await this.#more())) return
    }
  }

  /** Reads another piece; false at the end. */
  async #more(): Promise<boolean> {
    const next = await this.#pieces.next()
    if (next.done === true) return false
    this.#rest = this.#rest.length === 0 ? next.value : Buffer.concat([this.#rest, next.value])
    return true
  }
}
