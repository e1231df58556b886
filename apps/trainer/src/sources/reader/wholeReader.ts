import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { measuredJson, type TrainingEvent } from '@bestmark/core'
import { Failure } from '../../failure.ts'
import { Listing } from '../../files/listing.ts'
import { statIfSeen } from '../../files/runFile.ts'
import type { ReadOptions, Piece, SourceReader } from './source.ts'

/** A file that is being written may be unreadable for this time (ms). */
export const SETTLING_MS = 10_000

/** How to read a run whose files are rewritten, so that every read returns all events. */
export interface WholeFormat {
  /** Paths of the files and folders whose times show a change. */
  files: (listing: Listing) => Promise<string[]>
  /** All events in these files. Throws a Failure if they cannot be read. */
  events: (options: ReadOptions) => Promise<TrainingEvent[]>
}

/** Reads files that hold a run's whole history. A change replaces all events so far. */
export class WholeReader implements SourceReader {
  readonly #format: WholeFormat
  readonly #options: ReadOptions
  #cursor: string | null
  #seen = ''

  constructor(format: WholeFormat, options: ReadOptions) {
    this.#format = format
    this.#options = options
    this.#cursor = options.cursor
  }

  async next(): Promise<Piece> {
    const { root, isOver } = this.#options
    const listing = new Listing(root)
    const { signature, newest } = readSignature(root, await this.#format.files(listing))
    const same = { events: [], cursor: this.#cursor ?? '', replace: false }
    if (signature === this.#seen) return same
    const events = await this.#format.events(this.#options).catch((error: unknown) => {
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

/** A text that changes when the files change, and the newest time (ms). */
function readSignature(
  root: string,
  files: readonly string[],
): { signature: string; newest: number } {
  const parts: string[] = []
  let newest = 0
  for (const file of files) {
    const seen = statIfSeen(join(root, file))
    if (!seen) continue
    newest = Math.max(newest, seen.mtimeMs)
    parts.push(seen.isDirectory() ? file : `${file} ${seen.mtimeMs} ${seen.size}`)
  }
  return { signature: parts.join('\n'), newest }
}

/** A digest of the events. It ignores the state of the checkpoints' files. */
export function digestOf(events: readonly TrainingEvent[]): string {
  const hash = createHash('sha256')
  for (const event of events) hash.update(measuredJson(withoutFiles(event))).update('\n')
  return hash.digest('hex')
}

/** The state of checkpoint files changes without a change of the history, so it is left out. */
function withoutFiles(event: TrainingEvent): object {
  if (event.type !== 'checkpoint') return event
  const { attempt, step, path, epoch } = event
  return { type: event.type, attempt, step, path, epoch }
}
