import { realpath, stat } from 'node:fs/promises'
import { resolve, sep } from 'node:path'
import { mediaOf, type ContentState } from '@bestmark/core'
import { LARGEST_CONTENT } from '@bestmark/db'
import { fileErrorText } from '../plainErrors.ts'
import { bytesOfFile } from '../files/runFile.ts'

/** A file that changed so recently may still be written (ms). */
const FRESH = 10_000

/** The content of a sample's file, or why the board cannot have it. */
export type SampleContent =
  | { content: Buffer; kind: 'image' | 'audio'; media_type: string }
  | { content_state: Exclude<ContentState, 'stored' | 'unread'>; bytes: number | null }

/**
 * Reads a sample's file; undefined if it is still being written. A file that is not below one of
 * `bases`, through links too, is not opened.
 */
export async function readSampleFile(
  root: string,
  path: string,
  bases: readonly string[],
): Promise<SampleContent | undefined> {
  try {
    const file = await realpath(resolve(root, path))
    if (!(await isBelow(file, bases))) return { content_state: 'outside', bytes: null }
    const { size, mtimeMs } = await stat(file)
    if (size > LARGEST_CONTENT) return { content_state: 'too_large', bytes: size }
    const content = await bytesOfFile(file, LARGEST_CONTENT)
    const media = mediaOf(content)
    const isFresh = Date.now() - mtimeMs < FRESH
    if (isFresh && (content.length === 0 || media?.isWhole === false)) return undefined
    if (!media) return { content_state: 'not_media', bytes: content.length }
    return { content, kind: media.kind, media_type: media.media_type }
  } catch (error) {
    if (fileErrorText(error) === undefined) throw error
    return { content_state: 'missing', bytes: null }
  }
}

async function isBelow(file: string, bases: readonly string[]): Promise<boolean> {
  for (const base of bases) {
    if (file.startsWith((await realpath(base)) + sep)) return true
  }
  return false
}
