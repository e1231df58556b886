import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  renameSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { PIECE, readBytes } from './journalLines.ts'

/**
 * Keeps a file that others write to at its path, also where a program removes the folder around it,
 * as many do with their output folder when they start. The writers go on in the file that was
 * removed, so a copy takes its place, to which all further bytes are copied.
 */
export class PutBack implements Disposable {
  readonly #path: string
  readonly #file: number
  #folder: number
  #copy: number | undefined
  /** How much of the file the copy has. */
  #copied = 0

  constructor(path: string, file: number) {
    this.#path = path
    this.#file = file
    this.#folder = openSync(dirname(path), 'r')
  }

  /**
   * Looks whether the file is still there; returns whether it was put back just now. Until the end
   * that waits for a folder that was made anew: a program that is removing the old one, or about to
   * make its own, would stumble over ours. Throws where a copy cannot be written.
   */
  look(isOver: boolean): boolean {
    const isGone = fstatSync(this.#copy ?? this.#file).nlink === 0
    if (isGone && isOver) mkdirSync(dirname(this.#path), { recursive: true })
    const isBack = isGone && (isOver || this.#isFolderAnew())
    if (isBack) this.#begin()
    if (this.#copy !== undefined) this.#copyOn(this.#copy)
    if (isBack) renameSync(`${this.#path}.back`, this.#path)
    return isBack
  }

  #isFolderAnew(): boolean {
    return fstatSync(this.#folder).nlink === 0 && existsSync(dirname(this.#path))
  }

  #begin(): void {
    const folder = openSync(dirname(this.#path), 'r')
    this[Symbol.dispose]()
    this.#folder = folder
    this.#copied = 0
    this.#copy = openSync(`${this.#path}.back`, 'w')
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
