import { createHash } from 'node:crypto'
import { constants, createWriteStream } from 'node:fs'
import { copyFile as cloneFile, mkdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { fileDigest } from '../checkpoints/digest.ts'
import { systemCode } from '../failure.ts'
import { openHandle, streamOfFile } from '../files/runFile.ts'
import { isUri } from '@bestmark/core'
import type { SourceFile } from '../checkpoints/sourceFiles.ts'

/**
 * Copies one file and flushes it to disk; returns the SHA-256 of the bytes that were read. Where the
 * file system can, the copy shares its blocks with the original until one of them is written. A hard
 * link would not do: a training may write to its files again. An object is downloaded.
 */
export async function copyFile(
  file: SourceFile,
  folder: string,
  progress: (bytes: number) => void,
  signal: AbortSignal,
): Promise<string> {
  const to = join(folder, file.name)
  await mkdir(dirname(to), { recursive: true })
  if (isUri(file.from)) {
    // Only an agent with such checkpoints loads it.
    const { downloadFile } = await import('./download.ts')
    return downloadFile(file, to, progress, signal)
  }
  if (!(await isCloned(file.from, to))) return copyBytes(file.from, to, progress, signal)
  const digest = await fileDigest(to, signal)
  progress(file.bytes)
  return digest
}

/** Errors of file systems that cannot clone a file there. */
const NO_CLONE = ['ENOTSUP', 'EOPNOTSUPP', 'EXDEV', 'EINVAL', 'ENOSYS', 'ENOTTY', 'EPERM', 'EBADF']

/** Clones a file, and returns whether that was possible. Throws if it cannot be read or written. */
async function isCloned(from: string, to: string): Promise<boolean> {
  try {
    await cloneFile(from, to, constants.COPYFILE_FICLONE_FORCE | constants.COPYFILE_EXCL)
  } catch (error) {
    if (!NO_CLONE.includes(systemCode(error) ?? '')) throw error
    // Node may leave the empty file of a failed clone.
    await rm(to, { force: true })
    return false
  }
  await using file = await openHandle(to)
  await file.sync()
  return true
}

async function copyBytes(
  from: string,
  to: string,
  progress: (bytes: number) => void,
  signal: AbortSignal,
): Promise<string> {
  const hash = createHash('sha256')
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk)
      progress(chunk.length)
      done(null, chunk)
    },
  })
  const writing = createWriteStream(to, { flags: 'wx', flush: true })
  await pipeline(streamOfFile(from), counted, writing, { signal })
  return hash.digest('hex')
}
