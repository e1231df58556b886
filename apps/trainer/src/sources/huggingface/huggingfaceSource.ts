import type { TrainingEvent } from '@bestmark/core'
import { addScores } from '../scores/runScores.ts'
import { SCORES } from '../scores/scoresFile.ts'
import { findCheckpointNames, STATE } from './checkpointFolders.ts'
import { readHuggingFace } from './huggingface.ts'
import type { Listing } from '../../files/listing.ts'
import { findResultsFiles } from './resultsFiles.ts'
import type { ReadOptions, Source } from '../reader/source.ts'
import { WholeReader } from '../reader/wholeReader.ts'

/**
 * The HuggingFace Trainer's state files. Each has the whole history and is rewritten at every save, so
 * a changed history replaces the earlier one. Scores are read here too, because inferred attempts may
 * change when files are removed.
 */
export const HUGGINGFACE: Source = {
  name: 'huggingface',
  isHere: async (listing) => (await stateFiles(listing)).length > 0,
  files: watchedFiles,
  open: (options) => new WholeReader({ files: watchedFiles, events: eventsIn }, options),
}

async function stateFiles(listing: Listing): Promise<string[]> {
  const names = listing.names()
  const found = names.includes(STATE) ? [STATE] : []
  for (const name of await findCheckpointNames(listing)) {
    if (listing.names(name).includes(STATE)) found.push(`${name}/${STATE}`)
  }
  return found
}

/** Drops a `stopped` end while the run may continue. */
async function eventsIn({ root, isOver }: ReadOptions): Promise<TrainingEvent[]> {
  const { events } = await addScores(await readHuggingFace(root, isOver))
  if (isOver) return events
  const last = events.reduce((attempt, event) => Math.max(attempt, event.attempt), 0)
  return events.filter(
    (event) => event.type !== 'ended' || event.attempt < last || event.status === 'completed',
  )
}

async function watchedFiles(listing: Listing): Promise<string[]> {
  const folders = await findCheckpointNames(listing)
  const states = folders.map((name) => `${name}/${STATE}`)
  return [STATE, SCORES, ...(await findResultsFiles(listing)), ...folders, ...states]
}
