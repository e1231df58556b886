import {
  closeSync,
  constants,
  createReadStream,
  fstatSync,
  openSync,
  readFileSync,
  type ReadStream,
  type Stats,
  statSync,
} from 'node:fs'
import { open, stat, type FileHandle } from 'node:fs/promises'
import { Failure, systemCode } from '../failure.ts'
import { fileErrorText } from '../plainErrors.ts'

// The one place in which files of a run are opened. Whoever writes there may leave anything under any
// name: to open a pipe would wait for its other end for ever, and a device may act on it.
const { O_APPEND, O_CREAT, O_NONBLOCK, O_RDONLY, O_RDWR } = constants
const READING = O_RDONLY | O_NONBLOCK
const APPENDING = O_RDWR | O_APPEND | O_CREAT | O_NONBLOCK

/** What lies under a file's name is none; its code is that of the system for the like. */
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

/** What lies at a path; undefined where nothing does, or it cannot be seen. */
export function statIfSeen(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch (error) {
    if (fileErrorText(error) === undefined) throw error
    return undefined
  }
}

/** Opens a file to read it, without waiting; close it. Throws NotAFile, and as `openSync` does. */
export function openFile(path: string): number {
  // A pipe is not even opened, since that would wake who waits to write to it.
  assertFile(path, statSync(path))
  return checked(path, openSync(path, READING))
}

/** The same to append to it, and made where it is not there. */
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

/** `openFile` for whoever reads in turns with others. Rejects as it throws. */
export async function openHandle(path: string): Promise<FileHandle> {
  assertFile(path, await stat(path))
  const file = await open(path, READING)
  const found = await file.stat()
  if (found.isFile()) return file
  await file.close()
  throw new NotAFile(path, found)
}

/** So much of a file is read at once where it holds settings, states or results, and no table (bytes). */
const LARGEST = 256 << 20

/** The bytes of a file. Rejects as `openHandle` does, and with a Failure where it has more than `largest`. */
export async function bytesOfFile(path: string, largest = LARGEST): Promise<Buffer> {
  await using file = await openHandle(path)
  const { size } = await file.stat()
  if (size > largest) {
    throw new Failure(`${path} is too large to be read whole: ${size} of at most ${largest} bytes.`)
  }
  return await file.readFile()
}

/** The text of a file; rejects as `bytesOfFile` does. */
export async function textOfFile(path: string, largest = LARGEST): Promise<string> {
  return (await bytesOfFile(path, largest)).toString('utf8')
}

/** The same of a file beside a log, which nothing depends on: empty where it cannot be read. */
export async function textIfReadable(path: string, largest = LARGEST): Promise<string> {
  try {
    return await textOfFile(path, largest)
  } catch (error) {
    if (systemCode(error) === undefined && !(error instanceof Failure)) throw error
    return ''
  }
}

/** The bytes of a small file, at once. Throws as `openFile` does. */
export function readBytesSync(path: string): Buffer {
  const file = openFile(path)
  try {
    return readFileSync(file)
  } finally {
    closeSync(file)
  }
}

/** A stream of a file's bytes, which closes it at its end. Throws as `openFile` does. */
export function streamOfFile(
  path: string,
  options: { signal?: AbortSignal; highWaterMark?: number } = {},
): ReadStream {
  return createReadStream(path, { ...options, fd: openFile(path) })
}
