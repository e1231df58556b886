import { join } from 'node:path'
import { fileDigest } from '../checkpoints/digest.ts'
import { totalOf } from '../checkpoints/serving/servingFiles.ts'
import { Failure, systemCode } from '../failure.ts'

export interface ShipmentProgress {
  status: 'copying' | 'verifying' | 'delivering'
  bytes_done: number
  bytes_total: number
}

export type Report = (progress: ShipmentProgress) => void

/** Reads every file of a copy back. Throws a Failure if one differs from its digest. */
export async function verifyAll(
  files: readonly { name: string; bytes: number }[],
  digests: ReadonlyMap<string, string>,
  folder: string,
  report: Report,
  signal: AbortSignal,
): Promise<void> {
  const [bytes_total, sizes] = [
    totalOf(files),
    new Map(files.map((file) => [file.name, file.bytes])),
  ]
  let bytes_done = 0
  const name = await differing(folder, digests, signal, (verified) => {
    bytes_done += sizes.get(verified) ?? 0
    report({ status: 'verifying', bytes_done, bytes_total })
  })
  if (name === undefined) return
  throw new Failure(
    `The copy of ${name} differs from the original, so nothing was shipped. Ship it again.`,
  )
}

/** The first file of a folder that does not match its digest, or is missing. */
export async function differing(
  folder: string,
  digests: ReadonlyMap<string, string>,
  signal: AbortSignal,
  verified: (name: string) => void = () => undefined,
): Promise<string | undefined> {
  for (const [name, digest] of digests) {
    const found = await fileDigest(join(folder, name), signal).catch((error: unknown) => {
      signal.throwIfAborted()
      if (systemCode(error) === 'ENOENT') return undefined
      throw error
    })
    if (found !== digest) return name
    verified(name)
  }
  return undefined
}
