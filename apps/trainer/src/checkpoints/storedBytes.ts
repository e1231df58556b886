import { isUri } from '@bestmark/core'
import { bytesOfFile, openHandle } from '../files/runFile.ts'
import { textBytes } from '../files/textForm.ts'
import type { ByteSource } from './weights/bytes.ts'

/**
 * Opens a file of a checkpoint, on disk or in an object store; the caller closes it. Rejects as
 * `openHandle`, and with StoreUnread.
 */
export async function openBytes(path: string): Promise<ByteSource & AsyncDisposable> {
  if (!isUri(path)) return openHandle(path)
  // Only a run with such checkpoints loads it.
  const { openObject } = await import('../s3/objectReader.ts')
  return openObject(path)
}

/** Reads a small file of a checkpoint. Rejects as `bytesOfFile`, and with StoreUnread. */
export async function bytesOfStored(path: string, largest: number): Promise<Buffer> {
  if (!isUri(path)) return bytesOfFile(path, largest)
  const { bytesOfObject } = await import('../s3/objectReader.ts')
  return bytesOfObject(path, largest)
}

/** Reads the text of a small file of a checkpoint; rejects as `bytesOfStored`. */
export async function textOfStored(path: string, largest: number): Promise<string> {
  return textBytes(await bytesOfStored(path, largest)).toString('utf8')
}
