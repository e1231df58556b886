import {
  closeSync,
  constants,
  createReadStream,
  fstatSync,
  openSync,
  readSync,
  readFileSync,
  type ReadStream,
  type Stats,
  statSync,
} from 'node:fs'
import { open, stat, type FileHandle } from 'node:fs/promises'
import { Failure, systemCode } from '../failure.ts'
import { fileErrorText } from '../plainErrors.ts'
import { textBytes } from './textForm.ts'

// All files of a run are opened here. Other programs may leave anything under any name: opening a
// pipe could wait for ever, and opening a device could have effects.
const { O_APPEND, O_CREAT, O_NONBLOCK, O_RDONLY, O_RDWR } = constants
const READING = O_RDONLY | O_NONBLOCK
const APPENDING = O_RDWR | O_APPEND | O_CREAT | O_NONBLOCK

/** A path leads to something that is not a file; the code is the system's code for that. */
class NotAFile extends Failure {
  constructor(path: string, found: Stats) {
    const code = found.isDirectory() ? 'EISDIR' : 'ENXIO'
    const kind = kindOf(found)
    const cause = Object.assign(new Error('It is not a file.'), { code, kind })
    super(`${path} is ${kind}, not a file.`, { cause })
  }
}

function kindOf(found: Stats): string {
  if (found.isDirectory()) return 'a folder'
  if (found.isFIFO()) return 'a pipe'
  return found.isSocket() ? 'a socket' : 'a device'
}

/** The stats of a path; undefined if nothing is there, or it is not accessible. */
export function statIfSeen(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch (error) {
    if (fileErrorText(error) === undefined) throw error
    return undefined
  }
}

/** Opens a file for reading, without waiting; the caller closes it. Throws NotAFile and `openSync`'s errors. */
export function openFile(path: string): number {
  // A pipe must not be opened at all: that would wake a program that waits to write to it.
  assertFile(path, statSync(path))
  return checked(path, openSync(path, READING))
}

/** Opens a file for appending, and creates it if it is missing. Throws as `openFile` does. */
export function openToAppend(path: string): number {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found) assertFile(path, found)
  return checked(path, openSync(path, APPENDING, 0o666))
}

function assertFile(path: string, found: Stats): void {
  if (!found.isFile()) throw new NotAFile(path, found)
}

function checked(path: string, file: number): number {
  const found = fstatSync(file)
  if (found.isFile()) return file
  closeSync(file)
  throw new NotAFile(path, found)
}

/** The asynchronous form of `openFile`. */
export async function openHandle(path: string): Promise<FileHandle> {
  assertFile(path, await stat(path))
  const file = await open(path, READING)
  const found = await file.stat()
  if (found.isFile()) return file
  await file.close()
  throw new NotAFile(path, found)
}

/** The largest file that is read at once: configurations, states and results (bytes). */
const LARGEST = 256 << 20

/** Reads a file. Rejects as `openHandle` does, and with a Failure if it is larger than `largest`. */
export async function bytesOfFile(path: string, largest = LARGEST): Promise<Buffer> {
  await using file = await openHandle(path)
  const { size } = await file.stat()
  if (size > largest) {
    throw new Failure(`${path} is too large: ${size} bytes, at most ${largest} can be read.`)
  }
  return await file.readFile()
}

/** Reads the text of a file; rejects as `bytesOfFile` does. */
export async function textOfFile(path: string, largest = LARGEST): Promise<string> {
  return textBytes(await bytesOfFile(path, largest)).toString('utf8')
}

/** Reads the text of an optional file; empty if it cannot be read. */
export async function textIfReadable(path: string, largest = LARGEST): Promise<string> {
  try {
    return await textOfFile(path, largest)
  } catch (error) {
    if (systemCode(error) === undefined && !(error instanceof Failure)) throw error
    return ''
  }
}

/** Reads a small file synchronously. Throws as `openFile` does. */
export function readBytesSync(path: string): Buffer {
  const file = openFile(path)
  try {
    return readFileSync(file)
  } finally {
    closeSync(file)
  }
}

/**
 * Reads the beginning of a file into a buffer, synchronously: a search reads thousands of files, and
 * for each of them the thread pool takes longer than the disk. Throws as `openFile` does.
 */
export function readStart(path: string, into: Buffer): Buffer {
  const file = openFile(path)
  try {
    return into.subarray(0, readSync(file, into, 0, into.length, 0))
  } finally {
    closeSync(file)
  }
}

/** Opens a stream of a file, which closes the file at its end. Throws as `openFile` does. */
export function streamOfFile(
  path: string,
  options: { signal?: AbortSignal; highWaterMark?: number } = {},
): ReadStream {
  return createReadStream(path, { ...options, fd: openFile(path) })
}
