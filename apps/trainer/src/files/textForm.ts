import { gunzipSync, constants } from 'node:zlib'
import { systemCode } from '../failure.ts'

/** A packed file is unpacked in memory, so it may not be larger (bytes). */
export const LARGEST_PACKED = 64 << 20

type Form = 'gzip' | 'utf-16le' | 'utf-16be'

/** Whether a file with these first bytes is not compressed and not in UTF-16. */
export function isPlain(bytes: Buffer): boolean {
  return formOf(bytes) === undefined
}

/** The text in the first bytes of a file, as UTF-8 bytes. */
export function textBytes(bytes: Buffer): Buffer {
  const form = formOf(bytes)
  return form ? unpacked(bytes, form) : bytes
}

function formOf(bytes: Buffer): Form | undefined {
  const [first, second] = bytes
  if (first === 0x1f && second === 0x8b) return 'gzip'
  // PowerShell writes redirected output in UTF-16 with a byte order mark.
  if (first === 0xff && second === 0xfe) return 'utf-16le'
  return first === 0xfe && second === 0xff ? 'utf-16be' : undefined
}

function unpacked(bytes: Buffer, form: Form): Buffer {
  if (form !== 'gzip') {
    return Buffer.from(new TextDecoder(form).decode(bytes.subarray(0, bytes.length & ~1)))
  }
  try {
    // A program that still writes the file has not written its end.
    const finishFlush = constants.Z_SYNC_FLUSH
    return textBytes(gunzipSync(bytes, { finishFlush, maxOutputLength: LARGEST_PACKED }))
  } catch (error) {
    const code = systemCode(error) ?? ''
    if (code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge()
    if (!code.startsWith('Z_')) throw error
    throw Object.assign(new Error('It is damaged.'), { code: 'ERR_PACKED' })
  }
}

/** The error for a file that is too large to unpack. */
export function tooLarge(): Error {
  return Object.assign(new Error('It is too large.'), { code: 'ERR_FS_FILE_TOO_LARGE' })
}
