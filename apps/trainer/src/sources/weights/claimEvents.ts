import { basename } from 'node:path'
import { type EventOf, pathStep, type TrainingEvent, readerNote } from '@bestmark/core'
import type { Listing } from '../../files/listing.ts'
import { claimEvent } from '../events/newEvents.ts'
import type { SavedFile } from '../events/savedFiles.ts'
import { readBestPointer } from './bestPointer.ts'
import type { Candidate } from './candidate.ts'
import { readClaimedBest } from './claimedBest.ts'
import type { LogHistory } from './logHistory.ts'
import { weightsElsewhere } from './weightsElsewhere.ts'
import { findNamedWeights, type NamedPath, type NamedWeights } from './namedPath.ts'

interface Weights {
  candidates: readonly Candidate[]
  saved: readonly SavedFile[]
  history: LogHistory
  /** Whether the deciding metric was inferred, perhaps from these files. */
  isInferred: boolean
}

/**
 * The program's own best checkpoint, by its weights or by a file with the path, and a note if this
 * path leads out of the run or nowhere.
 */
export async function claimEvents(
  listing: Listing,
  attempt: number,
  { candidates, saved, history, isInferred }: Weights,
): Promise<TrainingEvent[]> {
  const claimed = readClaimedBest(candidates, saved, history, isInferred)
  const missing = candidates.length === 0 ? await weightsElsewhere(listing) : undefined
  if (missing) return [readerNote(attempt, missing)]
  if (claimed?.path != null) {
    const file = candidates.find(({ facts }) => facts.best_path !== null)?.found.path ?? ''
    const note = await placeNote(listing.root, attempt, { path: claimed.path, file })
    return [claimEvent(attempt, claimed), ...note]
  }
  const pointer = claimed ? undefined : await readBestPointer(listing)
  if (!pointer) return claimed ? [claimEvent(attempt, claimed)] : []
  const found = await findNamedWeights(listing.root, pointer)
  const path = found.place === 'run' ? found.path : pointer.path
  const one = saved.find((file) => file.path === path)
  const step = one ? one.step : pathStep(path)
  const origin = { file: pointer.file, line: null }
  const notes = await placeNote(listing.root, attempt, pointer, found)
  return [claimEvent(attempt, { path, step, origin }), ...notes]
}

/** A note if the best weights that a file names are not in the run. */
export async function placeNote(
  root: string,
  attempt: number,
  named: NamedPath,
  found?: NamedWeights,
): Promise<EventOf<'log'>[]> {
  const { place, ...where } = found ?? (await findNamedWeights(root, named))
  if (place === 'run') return []
  const which = `The best checkpoint that ${named.file} names`
  if (place === 'unknown') {
    const text = `${which} is not on this machine: ${named.path}`
    return [readerNote(attempt, { code: 'best_not_found', text })]
  }
  const path = 'path' in where ? where.path : ''
  const folder = path.slice(0, -basename(path).length - 1)
  const text = `${which} is outside this run's folder: ${path}. If its weights are those of this run, add --checkpoints ${folder}`
  return [readerNote(attempt, { code: 'best_elsewhere', text })]
}
