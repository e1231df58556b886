import { JOURNAL } from '@bestmark/core'
import { stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Listing } from '../files/listing.ts'
import { PIECE } from '../files/lines.ts'
import { findRunFiles } from '../sources/identity.ts'
import { statIfSeen } from '../files/runFile.ts'
import { RUN_LOG } from '../sources/reader/mixedReader.ts'
import type { Source } from '../sources/reader/source.ts'
import { ERRORS, OUTPUT } from '../sources/output/runOutput.ts'
import { SCORES } from '../sources/scores/scoresFile.ts'
import { SETUP_NOTE } from '../sources/config/setupNote.ts'
import { USAGE } from '../sources/setup/usageFile.ts'

/** Extra pieces for files shorter than one piece. */
const SMALL_FILES = 200

/** Paths that are checked for changes of a run's files. */
export async function watchedFiles(
  root: string,
  sources: readonly Source[],
  listing = new Listing(root),
): Promise<string[]> {
  const files = new Set(['', JOURNAL, SCORES, OUTPUT, ERRORS, USAGE, SETUP_NOTE])
  for (const name of listing.names()) {
    // Only folders have names below them.
    if (listing.names(name).length > 0) files.add(name)
  }
  for (const source of sources) for (const file of await source.files(listing)) files.add(file)
  for (const file of [...files]) if (dirname(file) !== '.') files.add(dirname(file))
  return [...files]
}

/** The largest number of pieces that a run's current files can give. */
export async function piecesIn(root: string): Promise<number> {
  let pieces = SMALL_FILES
  for (const file of await findRunFiles(root)) {
    const { size } = (await stat(join(root, file)).catch(() => undefined)) ?? { size: 0 }
    // A piece ends at a line, so two pieces together are longer than the limit of one piece.
    pieces += 2 * Math.floor(size / PIECE)
  }
  return pieces
}

/** The existing files of the sources. `bestmark run` restores its own log if a program removes it. */
export async function readFiles(root: string, sources: readonly Source[]): Promise<string[]> {
  const listing = new Listing(root)
  const files: string[] = []
  for (const source of sources) {
    if (source.name !== RUN_LOG && !source.rotates) files.push(...(await source.files(listing)))
  }
  return files.filter((file) => isThere(root, file))
}

/** Whether a path of a run exists. */
export function isThere(root: string, file: string): boolean {
  return statIfSeen(join(root, file)) !== undefined
}

/** The sizes of some files of a run together. */
export function bytesOf(root: string, files: readonly string[]): number {
  return files.reduce((sum, file) => sum + (statIfSeen(join(root, file))?.size ?? 0), 0)
}

/** A text that changes when one of the files or folders changes. */
export function stateOf(root: string, files: readonly string[]): string {
  const seen = files.map((file) => {
    const found = statIfSeen(join(root, file))
    return found ? `${found.ino} ${found.mtimeMs} ${found.size}` : ''
  })
  return seen.join('\n')
}
