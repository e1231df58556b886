import { createHash } from 'node:crypto'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { streamOfFile } from '../files/runFile.ts'
import { sourceFiles } from './sourceFiles.ts'

/**
 * One SHA-256 for a checkpoint: the digest of its only file, else the digest of the lines that
 * `sha256sum` prints for its files, in the order of the bytes of their names.
 */
export function checkpointDigest(digests: ReadonlyMap<string, string>): string {
  const [only, ...others] = digests.values()
  if (only !== undefined && others.length === 0) return only
  const inOrder = [...digests].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  const hash = createHash('sha256')
  for (const [name, digest] of inOrder) hash.update(`${digest}  ${name}\n`)
  return hash.digest('hex')
}

/**
 * Reads a whole checkpoint at most at `rate` bytes per second and returns its digest. `path` is
 * absolute. Throws as `sourceFiles` does, and when the signal aborts.
 */
export async function computeDigest(
  root: string,
  path: string,
  rate: number,
  signal: AbortSignal,
): Promise<string> {
  const [began, digests] = [performance.now(), new Map<string, string>()]
  let bytes = 0
  for (const { from, name } of await sourceFiles(root, path)) {
    const hash = createHash('sha256')
    for await (const piece of streamOfFile(from, { signal, highWaterMark: 1 << 18 })) {
      // A stream without an encoding gives Buffers.
      const buffer = piece as Buffer
      hash.update(buffer)
      bytes += buffer.length
      const ahead = (bytes / rate) * 1000 - (performance.now() - began)
      if (ahead > 1) await sleep(ahead, undefined, { signal })
    }
    digests.set(name, hash.digest('hex'))
  }
  return checkpointDigest(digests)
}

/** The SHA-256 of a file on disk. */
export async function fileDigest(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(streamOfFile(path), hash, { signal })
  return hash.digest('hex')
}
