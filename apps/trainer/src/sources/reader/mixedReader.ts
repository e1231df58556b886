import { type EventOf, type Measured, type TrainingEvent, setOwn, readerNote } from '@bestmark/core'
import { Failure, errorText } from '../../failure.ts'
import { startedEvent } from '../events/newEvents.ts'
import type { ReadOptions, Piece, Source, SourceReader } from './source.ts'

/** The output log of `bestmark run`. Only it has the exit code of every program. */
export const RUN_LOG = 'run_log'

/** What the first source has sent so far; plain data. */
interface FirstSourceState {
  names: string[]
  /** Names of metrics that another source added. */
  gaps: string[]
  /** The last step with a value of the first source. */
  step: number
  attempt: number
  /** The number of the last start, as `bestmark run` counts. */
  start: number
  /** What the first source has of this attempt. */
  begun: Pick<EventOf<'started'>, 'total_steps' | 'resumed_from' | 'loss_unit'> | null
  /** Whether another source sent later steps, which the first one may send again. */
  isAhead: boolean
  hasNote: boolean
}

/** Raise it when the fields of the cursor change. */
const VERSION = 3

interface Cursor {
  version: typeof VERSION
  sources: string[]
  parts: (string | null)[]
  first_state: FirstSourceState
}

/**
 * Reads a folder that several sources can read. The first source is the most detailed, so its values
 * win. The others add metrics that it does not have, and steps after its last one.
 */
export function mixedReader(sources: readonly Source[], options: ReadOptions): SourceReader {
  return new MixedReader(sources, options)
}

class MixedReader implements SourceReader {
  #sources: readonly Source[]
  /** Errors of sources that cannot be read, until they are sent as notes. */
  #problems: string[] = []
  readonly #options: ReadOptions
  #cursor: string
  #readers: SourceReader[] = []
  #at: Cursor
  #isReset: boolean

  constructor(sources: readonly Source[], options: ReadOptions) {
    this.#sources = sources
    this.#options = options
    this.#cursor = options.cursor ?? ''
    const previous = parseCursor(options.cursor)
    const isSame = previous?.sources.join() === sources.map(({ name }) => name).join()
    this.#at = isSame && previous ? previous : this.#emptyCursor()
    this.#isReset = options.cursor !== null && !isSame
    this.#open()
  }

  async next(): Promise<Piece> {
    for (const [index, reader] of this.#readers.entries()) {
      const piece = await reader.next().catch((error: unknown) => this.#skipSource(index, error))
      if (!piece) return this.#reset()
      if (piece.cursor === this.#at.parts[index]) continue
      const isBehind = index === 0 && this.#isBehind(piece.events)
      if (isBehind || (piece.replace && this.#at.parts[index] !== null)) return this.#reset()
      this.#at.parts[index] = piece.cursor
      const name = this.#sources[index]?.name ?? ''
      const events =
        index === 0 ? this.#firstEvents(piece.events) : this.#addedEvents(piece.events, name)
      return this.#piece(events)
    }
    return { events: [], cursor: this.#cursor, replace: false }
  }

  /** Skips a source that cannot be read, if there are others. */
  #skipSource(index: number, error: unknown): undefined {
    if (!(error instanceof Failure) || this.#sources.length === 1) throw error
    this.#problems.push(errorText(error))
    this.#sources = this.#sources.filter((_source, at) => at !== index)
  }

  /** Whether the first source now has values that another one has already added. */
  #isBehind(events: readonly TrainingEvent[]): boolean {
    const { isAhead, gaps } = this.#at.first_state
    return events.some((event) => {
      return (
        isMeasured(event) && (isAhead || gaps.some((name) => Object.hasOwn(event.values, name)))
      )
    })
  }

  #piece(found: TrainingEvent[]): Piece {
    const notes = this.#problems
      .splice(0)
      .map((text) => readerNote(0, { code: 'source_skipped', text }))
    const events = [...found, ...notes]
    this.#cursor = JSON.stringify(this.#at)
    const replace = this.#isReset
    this.#isReset = false
    return { events, cursor: this.#cursor, replace }
  }

  #reset(): Promise<Piece> {
    this.#at = this.#emptyCursor()
    this.#isReset = true
    this.#open()
    return this.next()
  }

  #open(): void {
    this.#readers = this.#sources.map((source, index) => {
      return source.open({ ...this.#options, cursor: this.#at.parts[index] ?? null })
    })
  }

  #emptyCursor(): Cursor {
    const sources = this.#sources.map(({ name }) => name)
    const counts = { step: -1, attempt: 0, start: 0 }
    const first_state = {
      names: [],
      gaps: [],
      ...counts,
      begun: null,
      isAhead: false,
      hasNote: false,
    }
    return { version: VERSION, sources, parts: sources.map(() => null), first_state }
  }

  #firstEvents(events: TrainingEvent[]): TrainingEvent[] {
    const { first_state } = this.#at
    const names = new Set(first_state.names)
    for (const event of events) {
      first_state.attempt = Math.max(first_state.attempt, event.attempt)
      if (event.type === 'started') first_state.begun = startFields(event)
      if (!isMeasured(event)) continue
      first_state.step = Math.max(first_state.step, event.step)
      for (const name of Object.keys(event.values)) names.add(name)
    }
    first_state.names = [...names]
    const hasRunLog = this.#sources.some(({ name }) => name === RUN_LOG)
    return hasRunLog ? events.filter(({ type }) => type !== 'ended') : events
  }

  #addedEvents(events: readonly TrainingEvent[], source: string): TrainingEvent[] {
    const { first_state } = this.#at
    const gaps = new Set<string>()
    const added = events.flatMap((event): TrainingEvent[] => {
      const { attempt } = first_state
      // This source may count more attempts than the first one.
      const measuredAttempt = Math.min(event.attempt, attempt)
      // The checkpoints are those of the first source, and so are the notes about them.
      if (event.type === 'log') return event.path === undefined ? [{ ...event, attempt }] : []
      if (event.type === 'ended') {
        // An end of an earlier start is ignored: a later start may be read first from the other file.
        return source === RUN_LOG && event.attempt >= first_state.start
          ? [{ ...event, attempt }]
          : []
      }
      if (isMarked(event, source)) {
        first_state.start = event.attempt
        return [startedEvent({ ...first_state.begun, attempt, at: event.at })]
      }
      if (!isMeasured(event)) return []
      const isAhead = event.step > first_state.step
      if (isAhead) first_state.isAhead = true
      const values: Record<string, Measured> = {}
      for (const [name, value] of Object.entries(event.values)) {
        const isGap = !first_state.names.includes(name)
        if (isGap) gaps.add(name)
        if (isGap || isAhead) setOwn(values, name, value)
      }
      return Object.keys(values).length > 0 ? [{ ...event, attempt: measuredAttempt, values }] : []
    })
    first_state.gaps = [...new Set([...first_state.gaps, ...gaps])]
    if (first_state.hasNote || gaps.size === 0) return added
    first_state.hasNote = true
    const [first] = this.#at.sources
    const text = `This run is read from the files of ${first}; ${source} adds ${[...gaps].join(', ')}`
    return [readerNote(first_state.attempt, { code: 'values_added', text }, 'info'), ...added]
  }
}

function startFields({
  total_steps,
  resumed_from,
  loss_unit,
}: EventOf<'started'>): FirstSourceState['begun'] {
  return { total_steps, resumed_from, loss_unit }
}

/** Whether an event is a start that `bestmark run` marked. It only has a time. */
function isMarked(event: TrainingEvent, source: string): boolean {
  return (
    source === RUN_LOG &&
    event.type === 'started' &&
    event.total_steps === null &&
    event.at !== null
  )
}

type MeasuredEvent = Extract<TrainingEvent, { type: 'metrics' | 'evaluation' }>

function isMeasured(event: TrainingEvent): event is MeasuredEvent {
  return event.type === 'metrics' || event.type === 'evaluation'
}

/** The parsed cursor; undefined if another reader or version wrote it. */
function parseCursor(cursor: string | null): Cursor | undefined {
  try {
    const value: unknown = JSON.parse(cursor ?? 'null')
    const isOurs = typeof value === 'object' && value !== null && 'version' in value
    // `#piece` above wrote it, because the version is ours.
    return isOurs && value.version === VERSION ? (value as Cursor) : undefined
  } catch {
    return undefined
  }
}
