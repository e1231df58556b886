import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { measuredJson, type TrainingEvent } from '@bestmark/core'
import { Failure, systemCode } from '../failure.ts'
import { withScores } from '../scores/attached.ts'
import { SCORES } from '../scores/scoresFile.ts'
import { readHuggingFace } from './huggingface.ts'
import { Listing } from './listing.ts'
import type { Opening, Piece, Source, SourceReader } from './source.ts'

const STATE = 'trainer_state.json'
const CHECKPOINT = /^checkpoint-\d{1,15}$/
/** A file that is being written may be no JSON for so long (ms). */
const SETTLING = 10_000

/**
 * The HuggingFace Trainer's state files. They hold a run's whole history and are rewritten at every
 * save, so a history that changed replaces what was told of it; scores belong to it, since attempts
 * are only inferred and change when files go away.
 */
export const HUGGINGFACE: Source = {
  name: 'huggingface',
  isHere: async (listing) => (await stateFiles(listing)).length > 0,
  open: (opening) => new StateReader(opening),
}

async function stateFiles(listing: Listing): Promise<string[]> {
  const names = await listing.names()
  const found = names.includes(STATE) ? [STATE] : []
  for (const name of names.filter((one) => CHECKPOINT.test(one))) {
    if ((await listing.names(name)).includes(STATE)) found.push(`${name}/${STATE}`)
  }
  return found
}

class StateReader implements SourceReader {
  readonly #opening: Opening
  #cursor: string | null
  #seen = ''

  constructor(opening: Opening) {
    this.#opening = opening
    this.#cursor = opening.cursor
  }

  async next(): Promise<Piece> {
    const { root, isOver } = this.#opening
    const { signature, newest } = await looked(root)
    const same = { events: [], cursor: this.#cursor ?? '', replace: false }
    if (signature === this.#seen) return same
    const events = await eventsIn(root, isOver).catch((error: unknown) => {
      if (error instanceof Failure && !isOver && Date.now() - newest < SETTLING) return undefined
      throw error
    })
    if (!events) return same
    this.#seen = signature
    const digest = digestOf(events)
    if (digest === this.#cursor) return same
    const replace = this.#cursor !== null
    this.#cursor = digest
    return { events, cursor: digest, replace }
  }
}

/** While a run may go on, its last state does not tell that it stopped. */
async function eventsIn(root: string, isOver: boolean): Promise<TrainingEvent[]> {
  const { events } = await withScores(await readHuggingFace(root))
  if (isOver) return events
  const last = events.reduce((attempt, event) => Math.max(attempt, event.attempt), 0)
  return events.filter(
    (event) => event.type !== 'ended' || event.attempt < last || event.status === 'completed',
  )
}

/** What stands for the state files as they lie there now. */
async function looked(root: string): Promise<{ signature: string; newest: number }> {
  const parts: string[] = []
  let newest = 0
  const listing = new Listing(root)
  const names = (await listing.names()).filter((name) => CHECKPOINT.test(name))
  for (const file of [STATE, SCORES, ...names, ...names.map((name) => `${name}/${STATE}`)]) {
    const seen = await stat(join(root, file)).catch((error: unknown) => {
      if (systemCode(error) === undefined) throw error
      return undefined
    })
    if (!seen) continue
    newest = Math.max(newest, seen.mtimeMs)
    parts.push(seen.isDirectory() ? file : `${file} ${seen.mtimeMs} ${seen.size}`)
  }
  return { signature: parts.join('\n'), newest }
}

/** Stands for a history, whatever its files are like now. */
export function digestOf(events: readonly TrainingEvent[]): string {
  const hash = createHash('sha256')
  for (const event of events) hash.update(measuredJson(withoutFiles(event))).update('\n')
  return hash.digest('hex')
}

/** What a look at the files found changes without the history. */
function withoutFiles(event: TrainingEvent): object {
  if (event.type !== 'checkpoint') return event
  const { attempt, step, path, epoch } = event
  return { type: event.type, attempt, step, path, epoch }
}
