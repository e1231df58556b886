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

/** Pieces for all files that are shorter than one. */
const SMALL_FILES = 200

/** What is looked at to see that a run's files changed, relative to its root. */
export async function watchedFiles(root: string, sources: readonly Source[]): Promise<string[]> {
  const listing = new Listing(root)
  const files = new Set(['', JOURNAL, SCORES, OUTPUT, ERRORS, USAGE, SETUP_NOTE])
  for (const name of await listing.names()) {
    // A file has no names below it.
    if ((await listing.names(name)).length > 0) files.add(name)
  }
  for (const source of sources) for (const file of await source.files(listing)) files.add(file)
  for (const file of [...files]) if (dirname(file) !== '.') files.add(dirname(file))
  return [...files]
}

/** In so many pieces all that a run's files hold now is read at the most, plus a few small ones. */
export async function piecesIn(root: string): Promise<number> {
  let pieces = SMALL_FILES
  for (const file of await findRunFiles(root)) {
    const { size } = (await stat(join(root, file)).catch(() => undefined)) ?? { size: 0 }
    // A piece ends with a line, so two that follow each other are longer than one may be.
    pieces += 2 * Math.floor(size / PIECE)
  }
  return pieces
}
