import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { PIECE, readBytes } from '../../files/lines.ts'

/**
 * Restores a log file at its path after a program removed or moved its folder, as many programs do at
 * their start. The program continues to write to the removed file, so all its bytes are copied to a
 * new file at the path.
 */
export class FileRestorer implements Disposable {
  readonly #path: string
  readonly #file: number
  #folder: number
  #copy: number | undefined
  /** Whether inode numbers are stable. On some network file systems they are not. */
  readonly #isNumbered: boolean
  /** The copy is not renamed to the path yet. */
  #isDraft = false
  /** The offsets in the file where the copy begins, and where it ends now. */
  #from: number
  #copied: number

  /** `from`: bytes before this offset belong to earlier runs and are not copied. */
  constructor(path: string, file: number, from = 0) {
    this.#path = path
    this.#file = file
    this.#from = this.#copied = from
    this.#folder = openSync(dirname(path), 'r')
    this.#isNumbered = isSame(file, path) && isSame(this.#folder, dirname(path))
  }

  /**
   * Restores the file if it is missing; returns whether it was restored now. Before the program's end
   * (`isOver`) it waits until the program has made a new folder, since a folder made here could
   * disturb the program. Throws if the copy cannot be written.
   */
  look(isOver: boolean): boolean {
    const isGone = !this.#isThere()
    if (isGone && isOver) mkdirSync(dirname(this.#path), { recursive: true })
    if (isGone && (isOver || this.#isFolderAnew())) this.#begin()
    if (this.#copy === undefined) return false
    this.#copyOn(this.#copy)
    if (!this.#isDraft || !this.#isThere()) return false
    renameSync(this.#draft, this.#path)
    this.#isDraft = false
    return true
  }

  /** Replaces the file by a copy that begins at `from`; returns whether it did. */
  beginAnew(from: number): boolean {
    this.#from = from
    if (!this.#isThere()) return false
    this.#begin()
    if (this.#copy !== undefined) this.#copyOn(this.#copy)
    renameSync(this.#draft, this.#path)
    this.#isDraft = false
    return true
  }

  get #draft(): string {
    return `${this.#path}.back`
  }

  /** Whether the path still is the file that is written to. */
  #isThere(): boolean {
    const file = this.#copy ?? this.#file
    if (!this.#isNumbered) return fstatSync(file).nlink > 0
    return isSame(file, this.#isDraft ? this.#draft : this.#path)
  }

  #isFolderAnew(): boolean {
    const folder = dirname(this.#path)
    if (!existsSync(folder)) return false
    return this.#isNumbered ? !isSame(this.#folder, folder) : fstatSync(this.#folder).nlink === 0
  }

  #begin(): void {
    const copy = openSync(this.#draft, 'w')
    const folder = openSync(dirname(this.#path), 'r')
    this[Symbol.dispose]()
    this.#folder = folder
    this.#copied = this.#from
    this.#copy = copy
    this.#isDraft = true
  }

  #copyOn(copy: number): void {
    for (;;) {
      const bytes = readBytes(this.#file, this.#copied, PIECE)
      if (bytes.length === 0) return
      this.#copied += writeSync(copy, bytes)
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.#folder)
    if (this.#copy !== undefined) closeSync(this.#copy)
    this.#copy = undefined
  }
}

function isSame(file: number, path: string): boolean {
  const [open, there] = [fstatSync(file), statSync(path, { throwIfNoEntry: false })]
  return there !== undefined && open.dev === there.dev && open.ino === there.ino
}
