import { closeSync, fstatSync, readSync } from 'node:fs'
import { openFile } from './runFile.ts'
import { isPlain, LARGEST_PACKED, textBytes, tooLarge } from './textForm.ts'

/** An open text file, or its text as UTF-8 bytes if it is compressed or in UTF-16. */
export type TextFile = number | Buffer

/** How many first bytes show the form of a file. */
const MAGIC = 2

/** Opens a file for reading; `closeText` closes it. Throws as `openFile` does, and if it is too large to unpack. */
export function openText(path: string): TextFile {
  const file = openFile(path)
  try {
    if (isPlain(bytesFrom(file, 0, MAGIC))) return file
    const { size } = fstatSync(file)
    if (size > LARGEST_PACKED) throw tooLarge()
    const text = textBytes(bytesFrom(file, 0, size))
    closeSync(file)
    return text
  } catch (error) {
    closeSync(file)
    throw error
  }
}

/** Closes a text file. */
export function closeText(file: TextFile): void {
  if (typeof file === 'number') closeSync(file)
}

/** The size of a file's text (bytes). */
export function sizeOfText(file: TextFile): number {
  return typeof file === 'number' ? fstatSync(file).size : file.length
}

/** Reads bytes of a text into a buffer, from its beginning; returns their number. */
export function readInto(file: TextFile, buffer: Buffer, length: number, position: number): number {
  if (typeof file === 'number') return readSync(file, buffer, 0, length, position)
  return file.copy(buffer, 0, position, position + length)
}

function bytesFrom(file: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  return bytes.subarray(0, readSync(file, bytes, 0, length, position))
}
