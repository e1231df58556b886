import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { measuredJson, type TrainingEvent } from '@bestmark/core'
import { Failure, systemCode } from '../../failure.ts'
import { Listing } from '../../files/listing.ts'
import type { ReadOptions, Piece, SourceReader } from './source.ts'

/** A file that is being written may not be readable for so long (ms). */
export const SETTLING_MS = 10_000

/** How a run is read whose files are rewritten, so that each look tells all of it anew. */
export interface WholeFormat {
  /** The files and folders by whose times a change is seen, relative to the root. */
  files: (listing: Listing) => Promise<string[]>
  /** Everything that they tell. Throws a Failure where they cannot be read. */
  events: (opening: ReadOptions) => Promise<TrainingEvent[]>
}

/** Reads files that hold a run's whole history: one that changed replaces what was told of it. */
export class WholeReader implements SourceReader {
  readonly #format: WholeFormat
  readonly #opening: ReadOptions
  #cursor: string | null
  #seen = ''

  constructor(format: WholeFormat, opening: ReadOptions) {
    this.#format = format
    this.#opening = opening
    this.#cursor = opening.cursor
  }

  async next(): Promise<Piece> {
    const { root, isOver } = this.#opening
    const listing = new Listing(root)
    const { signature, newest } = await readSignature(root, await this.#format.files(listing))
    const same = { events: [], cursor: this.#cursor ?? '', replace: false }
    if (signature === this.#seen) return same
    const events = await this.#format.events(this.#opening).catch((error: unknown) => {
      if (error instanceof Failure && !isOver && Date.now() - newest < SETTLING_MS) return undefined
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

/** What stands for the files as they lie there now. */
async function readSignature(
  root: string,
  files: readonly string[],
): Promise<{ signature: string; newest: number }> {
  const parts: string[] = []
  let newest = 0
  for (const file of files) {
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
