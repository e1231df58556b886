import { dirname } from 'node:path'
import { shellWord, type ReaderNote } from '@bestmark/core'
import { absolutePathsIn, isNarrow } from '../../files/absolutePaths.ts'
import { isAtOrBelow } from '../../files/below.ts'
import type { Listing } from '../../files/listing.ts'
import { statIfSeen } from '../../files/runFile.ts'
import { findWeights } from './finder.ts'
import { isCounted } from './nameHints.ts'

/** Scripts, configurations and logs, which may name the folder of the weights. */
const NAMING = /\.(py|sh|ya?ml|json|jsonl|toml|cfg|ini|log|txt|out)$/i
/** At most this many files and folders are looked at. */
const MOST = 16

/**
 * A note for a run without weights in its folder, if a script, a configuration or a log there names
 * another folder that holds weights. They may be those of another run, so a person joins them.
 */
export async function weightsElsewhere(listing: Listing): Promise<ReaderNote | undefined> {
  const names = listing
    .names()
    .filter((name) => NAMING.test(name))
    .slice(0, MOST)
  const seen = new Set<string>()
  for (const file of names) {
    for (const path of absolutePathsIn(await listing.head(file))) {
      const folder = folderOf(path)
      if (folder === undefined || seen.has(folder) || seen.size >= MOST) continue
      seen.add(folder)
      const isRelated = isAtOrBelow(folder, listing.root) || isAtOrBelow(listing.root, folder)
      if (isRelated || !isNarrow(folder)) continue
      // Weights without a number or a role may be those that the training began with.
      const isSaved = (await findWeights(folder)).some(({ hints }) => isCounted(hints))
      if (isSaved) return elsewhere(file, folder)
    }
  }
  return undefined
}

/** The folder that a path names, or that holds the named file; undefined if there is none. */
function folderOf(path: string): string | undefined {
  if (statIfSeen(path)?.isDirectory() === true) return path
  return statIfSeen(dirname(path))?.isDirectory() === true ? dirname(path) : undefined
}

function elsewhere(file: string, folder: string): ReaderNote {
  const text = `This run's folder has no weights. ${file} names ${folder}, which has some. If they are those of this run, add --checkpoints ${shellWord(folder)}`
  return { code: 'weights_elsewhere', text }
}
