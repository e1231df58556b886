import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { streamOfFile } from '../files/runFile.ts'
import type { SourceFile } from '../checkpoints/sourceFiles.ts'

/** Copies one file and flushes it to disk; returns the SHA-256 of the bytes that were read. */
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
