import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, readdir, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Failure } from '../failure.ts'
import { streamOfFile } from '../files/runFile.ts'
import { isInside } from '../checkpoints/inspect.ts'

/** A file to ship: where it really lies, and its place below the checkpoint's folder. */
export interface SourceFile {
  from: string
  name: string
  bytes: number
  /** When it was last changed (ms). */
  changed_at: number
  /** Whether it is the whole checkpoint by itself. */
  isWhole: boolean
}

/**
 * The files of a checkpoint (a folder, or one file), links resolved. Throws a Failure where one leads out of the run's own
 * root (nothing but a run's files is ever shipped), or is a linked folder.
 */
export async function sourceFiles(root: string, folder: string): Promise<SourceFile[]> {
  const home = await realpath(root)
  if ((await stat(folder)).isFile())
    return [{ ...(await sourceFile(home, folder, basename(folder))), isWhole: true }]
  const entries = await readdir(folder, { withFileTypes: true, recursive: true })
  const files: SourceFile[] = []
  for (const entry of entries) {
    if (entry.isDirectory()) continue
    const path = join(entry.parentPath, entry.name)
    files.push(await sourceFile(home, path, relative(folder, path)))
  }
  return files.sort((a, b) => a.name.localeCompare(b.name))
}

async function sourceFile(home: string, path: string, name: string): Promise<SourceFile> {
  const from = await realpath(path)
  if (!isInside(home, from)) {
    throw new Failure(`${path} leads out of the run's folder to ${from}; it is not shipped.`)
  }
  const found = await stat(from)
  if (!found.isFile()) {
    throw new Failure(`${path} is neither a file nor a folder of its own; it is not shipped.`)
  }
  return { from, name, bytes: found.size, changed_at: found.mtimeMs, isWhole: false }
}

/** Copies one file, flushed to disk; returns the SHA-256 of what was read. */
export async function copyFile(
  file: SourceFile,
  folder: string,
  progress: (bytes: number) => void,
  signal: AbortSignal,
): Promise<string> {
  const to = join(folder, file.name)
  await mkdir(dirname(to), { recursive: true })
  const hash = createHash('sha256')
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk)
      progress(chunk.length)
      done(null, chunk)
    },
  })
  const writing = createWriteStream(to, { flags: 'wx', flush: true })
  await pipeline(streamOfFile(file.from), counted, writing, { signal })
  return hash.digest('hex')
}

/** The SHA-256 of a file as it now lies on disk. */
export async function digestOf(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(streamOfFile(path), hash, { signal })
  return hash.digest('hex')
}
