import type { TrainingEvent } from '@bestmark/core'
import { z } from 'zod'
import type { Piece, ReadOptions, SourceReader } from '../reader/source.ts'
import { digestOf, WholeReader, type WholeFormat } from '../reader/wholeReader.ts'

/** The numbers of weights without a step, by path and time. */
export type Numbers = Map<string, number>

const VERSION = 1

const Cursor = z.object({
  version: z.literal(VERSION),
  /** The cursor of the reader of the current files. */
  files: z.string(),
  /** Short digests of all events so far. */
  sent: z.array(z.string()),
  /** The last step so far. */
  last: z.number(),
  numbers: z.array(z.tuple([z.string(), z.number()])),
})
type Cursor = z.infer<typeof Cursor>

interface WeightsFormat {
  files: WholeFormat['files']
  /** All events of the current weights. Adds to `numbers`. */
  events: (options: ReadOptions, numbers: Numbers) => Promise<TrainingEvent[]>
}

/**
 * Reads weights that are the only record of a run. A program that keeps its best files removes
 * others, so only new events are sent: what removed files said stays. If no file of before is left
 * and the steps begin again, the events replace the whole history.
 */
export class WeightsReader implements SourceReader {
  readonly #files: WholeReader
  readonly #numbers: Numbers
  #at: Cursor
  #cursor: string
  /** An earlier version of this reader sent the events so far. */
  #isOutdated: boolean

  constructor({ files, events }: WeightsFormat, options: ReadOptions) {
    const at = parseCursor(options.cursor)
    this.#at = at ?? { version: VERSION, files: '', sent: [], last: -1, numbers: [] }
    this.#cursor = at ? (options.cursor ?? '') : ''
    this.#isOutdated = !at && options.cursor !== null
    this.#numbers = new Map(this.#at.numbers)
    const format = { files, events: (of: ReadOptions) => events(of, this.#numbers) }
    this.#files = new WholeReader(format, { ...options, cursor: at?.files ?? null })
  }

  async next(): Promise<Piece> {
    const { events, cursor } = await this.#files.next()
    if (events.length === 0) return { events, cursor: this.#cursor, replace: false }
    const sent = new Set(this.#at.sent)
    const isSent = (event: TrainingEvent): boolean => sent.has(keyOf(event))
    const steps = events.flatMap((event) =>
      'step' in event && event.step !== null ? event.step : [],
    )
    const isLater = steps.length > 0 && Math.min(...steps) > this.#at.last
    const isKept = sent.size === 0 || events.some((event) => isSaved(event) && isSent(event))
    const replace = this.#isOutdated || (!isLater && !isKept)
    const added = replace ? events : events.filter((event) => !isSent(event))
    this.#at = {
      version: VERSION,
      files: cursor,
      sent: [...new Set([...(replace ? [] : sent), ...events.map(keyOf)])],
      last: Math.max(replace ? -1 : this.#at.last, ...steps),
      numbers: [...this.#numbers],
    }
    this.#isOutdated = false
    this.#cursor = JSON.stringify(this.#at)
    return { events: added, cursor: this.#cursor, replace }
  }
}

function isSaved({ type }: TrainingEvent): boolean {
  return type === 'checkpoint'
}

function keyOf(event: TrainingEvent): string {
  return digestOf([event]).slice(0, 12)
}

/** The parsed cursor; undefined if another reader or version wrote it. */
function parseCursor(cursor: string | null): Cursor | undefined {
  try {
    return Cursor.safeParse(JSON.parse(cursor ?? 'null')).data
  } catch {
    return undefined
  }
}
