import type { FilesFault } from '@bestmark/core'

/** A file or an object whose bytes are read at any offset, as a FileHandle reads. */
export interface ByteSource {
  read: (
    into: Buffer,
    offset: number,
    length: number,
    position: number,
  ) => Promise<{ bytesRead: number }>
}

/** Reads bytes of a file from an offset; fewer at its end. */
export async function bytesAt(file: ByteSource, offset: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length)
  let done = 0
  while (done < length) {
    const { bytesRead } = await file.read(bytes, done, length - done, offset + done)
    if (bytesRead === 0) break
    done += bytesRead
  }
  return bytes.subarray(0, done)
}

/** Why files cannot be used. */
export interface FilesProblem {
  fault: FilesFault
  /** For people. */
  why: string
}

/** The result of checking one file of weights. */
export interface WeightsCheck {
  /** Its words follow the file's name. */
  problem: FilesProblem | null
  /** Whether its format says where it ends, so that nothing can be missing. */
  ends: boolean
}

export const WHOLE: WeightsCheck = { problem: null, ends: true }

export function broken(fault: FilesFault, why: string): WeightsCheck {
  return { problem: { fault, why }, ends: true }
}
