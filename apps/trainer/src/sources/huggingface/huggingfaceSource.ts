import type { TrainingEvent } from '@bestmark/core'
import { addScores } from '../scores/runScores.ts'
import { SCORES } from '../scores/scoresFile.ts'
import { isCheckpointName, STATE } from './checkpointFolders.ts'
import { readHuggingFace } from './huggingface.ts'
import type { Listing } from '../../files/listing.ts'
import { findResultsFiles } from './resultsFiles.ts'
import type { ReadOptions, Source } from '../reader/source.ts'
import { WholeReader } from '../reader/wholeReader.ts'

/**
 * The HuggingFace Trainer's state files. They hold a run's whole history and are rewritten at every
 * save, so a history that changed replaces what was told of it; scores belong to it, since attempts
 * are only inferred and change when files go away.
 */
export const HUGGINGFACE: Source = {
  name: 'huggingface',
  isHere: async (listing) => (await stateFiles(listing)).length > 0,
  files: filesToLookAt,
  open: (options) => new WholeReader({ files: filesToLookAt, events: eventsIn }, options),
}

async function stateFiles(listing: Listing): Promise<string[]> {
  const names = await listing.names()
  const found = names.includes(STATE) ? [STATE] : []
  for (const name of names.filter(isCheckpointName)) {
    if ((await listing.names(name)).includes(STATE)) found.push(`${name}/${STATE}`)
  }
  return found
}

/** While a run may go on, its last state does not tell that it stopped. */
async function eventsIn({ root, isOver }: ReadOptions): Promise<TrainingEvent[]> {
  const { events } = await addScores(await readHuggingFace(root, isOver))
  if (isOver) return events
  const last = events.reduce((attempt, event) => Math.max(attempt, event.attempt), 0)
  return events.filter(
    (event) => event.type !== 'ended' || event.attempt < last || event.status === 'completed',
  )
}

async function filesToLookAt(listing: Listing): Promise<string[]> {
  const folders = (await listing.names()).filter(isCheckpointName)
  const states = folders.map((name) => `${name}/${STATE}`)
  return [STATE, SCORES, ...(await findResultsFiles(listing)), ...folders, ...states]
}
