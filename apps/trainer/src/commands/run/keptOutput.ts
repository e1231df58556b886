import { appendFileSync, closeSync, fstatSync } from 'node:fs'
import { openToAppend } from '../../files/runFile.ts'
import { PIECE, readBytes } from '../../files/lines.ts'
import { FileRestorer } from './fileRestorer.ts'
import { pause } from '../../pause.ts'
import { failureTextIn } from './failureText.ts'
import { MARK } from '../../sources/output/textLog.ts'

/** How often is looked for what a program printed (ms). */
const LOOK = 50
/** How often is looked whether the file is still there (ms). */
const LOOK_FOR_FILE = 500
/** Among so many bytes the last line is looked for. */
const TAIL = 16_384

/** Puts bytes where a person, or another program, reads them; resolves once they are taken. */
export type Show = (bytes: Buffer) => Promise<void>

/**
 * A file that a program prints to, and of which it is shown what is printed from now on. Where the
 * program removes it, it is put back, and `onBack` called.
 */
export class KeptOutput implements Disposable {
  /** For the program; what is written to it is appended. */
  readonly file: number
  readonly #path: string
  readonly #show: Show
  readonly #putBack: FileRestorer
  readonly #onBack: () => void
  #looked = performance.now()
  #shown = 0
  #tail = Buffer.alloc(0)
  /** Where this program's own output begins (bytes). */
  readonly #start: number

  constructor(path: string, show: Show, onBack: () => void = () => undefined) {
    this.#path = path
    this.file = openToAppend(path)
    this.#show = show
    this.#start = fstatSync(this.file).size
    this.#putBack = new FileRestorer(path, this.file, this.#start)
    this.#onBack = onBack
  }

  /** Appends a line of our own, which is not shown. */
  mark(text: string, at = new Date()): void {
    const { size } = fstatSync(this.file)
    const isMidLine = size > 0 && readBytes(this.file, size - 1, 1)[0] !== 10
    const line = `${MARK}${at.toISOString()} ${text.replaceAll('\n', ' ')}\n`
    appendFileSync(this.file, isMidLine ? `\n${line}` : line)
    this.#shown = fstatSync(this.file).size
  }

  /** Moves the output of earlier programs, which is of another run, to a file of its own. */
  moveEarlierOutput(): void {
    if (this.#start === 0) return
    const path = this.#path.replace(/\.log$/, '.earlier.log')
    for (let at = 0; at < this.#start;) {
      const bytes = readBytes(this.file, at, Math.min(PIECE, this.#start - at))
      if (bytes.length === 0) break
      appendFileSync(path, bytes)
      at += bytes.length
    }
    this.#putBack.beginAnew(this.#start)
  }

  /** Shows what comes until the signal aborts, then what lies there. */
  async showUntil(over: AbortSignal): Promise<void> {
    while (!over.aborted) {
      if (!(await this.#showNext(Infinity))) await pause(LOOK, over)
      this.#lookForFile()
    }
    const end = fstatSync(this.file).size
    while (await this.#showNext(end));
  }

  /** Once nothing more is written: the file lies at its path. Throws where it cannot be put back. */
  finish(): void {
    this.#putBack.look(true)
  }

  #lookForFile(): void {
    if (performance.now() - this.#looked < LOOK_FOR_FILE) return
    this.#looked = performance.now()
    try {
      if (this.#putBack.look(false)) this.#onBack()
    } catch {
      // It is tried again; what cannot be done in the end is told by `finish`.
    }
  }

  /** Why the program failed, as far as its output says; empty where it does not. */
  get failureText(): string {
    return failureTextIn(this.#tail.toString('utf8'))
  }

  async #showNext(end: number): Promise<boolean> {
    // The program, or whoever rotates logs, may cut the file.
    if (fstatSync(this.file).size < this.#shown) this.#shown = 0
    const length = Math.min(PIECE, end - this.#shown)
    const bytes = length > 0 ? readBytes(this.file, this.#shown, length) : Buffer.alloc(0)
    if (bytes.length === 0) return false
    this.#shown += bytes.length
    this.#tail = Buffer.concat([this.#tail, bytes.subarray(-TAIL)]).subarray(-TAIL)
    await this.#show(bytes)
    return true
  }

  [Symbol.dispose](): void {
    this.#putBack[Symbol.dispose]()
    closeSync(this.file)
  }
}
