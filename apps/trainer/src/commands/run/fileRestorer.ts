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
 * Keeps a file that others write to at its path, also where a program removes or moves the folder
 * around it, as many do with their output folder when they start. The writers go on in the file that
 * was removed, so a copy takes its place, to which all further bytes are copied.
 */
export class FileRestorer implements Disposable {
  readonly #path: string
  readonly #file: number
  #folder: number
  #copy: number | undefined
  /** Some network file systems number a file anew each time it is looked for. */
  readonly #isNumbered: boolean
  /** The copy has not got its name yet. */
  #isDraft = false
  /** Where the copy begins in the file, and how much of the file it has. */
  #from: number
  #copied: number

  /** `from`: what stands before is of earlier runs, and no copy has it (bytes). */
  constructor(path: string, file: number, from = 0) {
    this.#path = path
    this.#file = file
    this.#from = this.#copied = from
    this.#folder = openSync(dirname(path), 'r')
    this.#isNumbered = isSame(file, path) && isSame(this.#folder, dirname(path))
  }

  /**
   * Looks whether the file is still there; returns whether it was put back just now. Until the end
   * that waits for a folder that was made anew: a program that is removing the old one, or about to
   * make its own, would stumble over ours. Throws where a copy cannot be written.
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

  /** Puts a copy in the file's place that begins at `from`; returns whether it did. */
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

  /** Whether the path leads to the file that is written to, wherever its folder was moved. */
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
