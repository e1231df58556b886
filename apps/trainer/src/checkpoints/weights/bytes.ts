import type { FileHandle } from 'node:fs/promises'

/** Reads bytes of a file from an offset; fewer at its end. */
export async function bytesAt(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length)
  let done = 0
  while (done < length) {
    const { bytesRead } = await file.read(bytes, done, length - done, offset + done)
    if (bytesRead === 0) break
    done += bytesRead
  }
  return bytes.subarray(0, done)
}

/** The result of checking one file of weights. */
export interface WeightsCheck {
  /** Why it cannot be used, as words after the file's name; null if there is no problem. */
  why: string | null
  /** Whether its format says where it ends, so that nothing can be missing. */
  ends: boolean
}

export const WHOLE: WeightsCheck = { why: null, ends: true }

export function broken(why: string): WeightsCheck {
  return { why, ends: true }
}
