import { appendFileSync, closeSync, fstatSync, ftruncateSync, rmSync } from 'node:fs'
import { openToAppend } from '../../files/runFile.ts'
import { PIECE, readBytes } from '../../files/lines.ts'
import { FileRestorer } from './fileRestorer.ts'
import { pause } from '../../pause.ts'
import { failureTextIn, TAIL } from '../../sources/output/failureText.ts'
import { MARK } from '../../sources/output/runOutput.ts'

/** How often to look for new output (ms). */
const LOOK = 50
/** How often to check that the file still exists (ms). */
const LOOK_FOR_FILE = 500

/** Shows output to the user or another program. Fulfils once it is written. */
export type Show = (bytes: Buffer) => Promise<void>

/**
 * The file of a program's output. New output is shown too. If the program removes the file, it is
 * restored, and `onBack` is called.
 */
export class KeptOutput implements Disposable {
  /** The file descriptor for the program, opened to append. */
  readonly file: number
  readonly #path: string
  readonly #show: Show
  readonly #putBack: FileRestorer
  readonly #onBack: () => void
  #checkedAt = performance.now()
  #shown = 0
  #tail = Buffer.alloc(0)
  /** The offset where the output of this program begins (bytes). */
  readonly #start: number

  constructor(path: string, show: Show, onBack: () => void = () => undefined) {
    this.#path = path
    this.file = openToAppend(path)
    this.#show = show
    this.#start = fstatSync(this.file).size
    this.#putBack = new FileRestorer(path, this.file, this.#start)
    this.#onBack = onBack
  }

  /** Appends a line of Bestmark, which is not shown. */
  mark(text: string, at = new Date()): void {
    const { size } = fstatSync(this.file)
    const isMidLine = size > 0 && readBytes(this.file, size - 1, 1)[0] !== 10
    const line = `${MARK}${at.toISOString()} ${text.replaceAll('\n', ' ')}\n`
    appendFileSync(this.file, isMidLine ? `\n${line}` : line)
    this.#shown = fstatSync(this.file).size
  }

  /** Removes what this command wrote, because the program could not be started. */
  discard(): void {
    if (this.#start === 0) rmSync(this.#path, { force: true })
    else ftruncateSync(this.file, this.#start)
    this[Symbol.dispose]()
  }

  /** Moves the output of earlier programs, which belongs to another run, to another file. */
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

  /** Shows new output until the signal aborts, then the rest. */
  async showUntil(over: AbortSignal): Promise<void> {
    while (!over.aborted) {
      if (!(await this.#showNext(Infinity))) await pause(LOOK, over)
      this.#lookForFile()
    }
    const end = fstatSync(this.file).size
    while (await this.#showNext(end));
  }

  /** After the last write: restores the file at its path. Throws if it cannot. */
  finish(): void {
    this.#putBack.look(true)
  }

  #lookForFile(): void {
    if (performance.now() - this.#checkedAt < LOOK_FOR_FILE) return
    this.#checkedAt = performance.now()
    try {
      if (this.#putBack.look(false)) this.#onBack()
    } catch {
      // This is tried again; `finish` throws the last error.
    }
  }

  /** Why the program failed, from its output; empty if unknown. */
  get failureText(): string {
    return failureTextIn(this.#tail.toString('utf8'))
  }

  async #showNext(end: number): Promise<boolean> {
    // The program, or a tool that rotates logs, may cut the file.
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
