import { stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Listing } from '../files/listing.ts'
import { PIECE } from '../files/lines.ts'
import { JOURNAL } from '../journal/header.ts'
import { findRunFiles } from '../sources/identity.ts'
import type { Source } from '../sources/reader/source.ts'
import { ERRORS, OUTPUT } from '../sources/output/textLog.ts'
import { SCORES } from '../sources/scores/scoresFile.ts'
import { SETUP_NOTE } from '../sources/setup/setupNote.ts'
import { USAGE } from '../sources/setup/usageFile.ts'

/** Extra pieces for files shorter than one piece. */
const SMALL_FILES = 200

/** Paths that are checked for changes of a run's files. */
export async function watchedFiles(root: string, sources: readonly Source[]): Promise<string[]> {
  const listing = new Listing(root)
  const files = new Set(['', JOURNAL, SCORES, OUTPUT, ERRORS, USAGE, SETUP_NOTE])
  for (const name of await listing.names()) {
    // Only folders have names below them.
    if ((await listing.names(name)).length > 0) files.add(name)
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
