import { type EventOf, type Measured, type TrainingEvent, setOwn } from '@bestmark/core'
import { Failure, errorText } from '../../failure.ts'
import { startedEvent, readerNote } from '../events/newEvents.ts'
import type { ReadOptions, Piece, Source, SourceReader } from './source.ts'

/** The log that `bestmark run` keeps; it alone knows how a program of any kind ended. */
export const RUN_LOG = 'run_log'

/** What the first source told so far; plain data. */
interface FirstSourceState {
  names: string[]
  /** Names that another source added. */
  gaps: string[]
  /** The last step that the first source measured. */
  step: number
  attempt: number
  /** Which attempt the last start is in the counting of `bestmark run`. */
  start: number
  /** What the first source knows of this attempt. */
  begun: Pick<EventOf<'started'>, 'total_steps' | 'resumed_from' | 'loss_unit'> | null
  /** Another source told of steps beyond it, which the first one may tell again. */
  isAhead: boolean
  hasNote: boolean
}

/** Raised when what is told of the first source changes. */
const VERSION = 3

interface Cursor {
  version: typeof VERSION
  sources: string[]
  parts: (string | null)[]
  first_state: FirstSourceState
}

/**
 * Reads a folder in which several sources tell of one run: the first, which knows most, wins. The
 * others add names that it does not have, and what happens beyond its last step until it gets there.
 */
export function mixedReader(sources: readonly Source[], opening: ReadOptions): SourceReader {
  return new MixedReader(sources, opening)
}

class MixedReader implements SourceReader {
  #sources: readonly Source[]
  /** Why sources cannot be read, until it is told. */
  #problems: string[] = []
  readonly #opening: ReadOptions
  #cursor: string
  #readers: SourceReader[] = []
  #at: Cursor
  #isAnew: boolean

  constructor(sources: readonly Source[], opening: ReadOptions) {
    this.#sources = sources
    this.#opening = opening
    this.#cursor = opening.cursor ?? ''
    const known = parseCursor(opening.cursor)
    const isSame = known?.sources.join() === sources.map(({ name }) => name).join()
    this.#at = isSame && known ? known : this.#beginning()
    this.#isAnew = opening.cursor !== null && !isSame
    this.#open()
  }

  async next(): Promise<Piece> {
    for (const [index, reader] of this.#readers.entries()) {
      const piece = await reader.next().catch((error: unknown) => this.#leaveOut(index, error))
      if (!piece) return this.#anew()
      if (piece.cursor === this.#at.parts[index]) continue
      const isBehind = index === 0 && this.#isBehind(piece.events)
      if (isBehind || (piece.replace && this.#at.parts[index] !== null)) return this.#anew()
      this.#at.parts[index] = piece.cursor
      const name = this.#sources[index]?.name ?? ''
      const events = index === 0 ? this.#own(piece.events) : this.#added(piece.events, name)
      return this.#piece(events)
    }
    return { events: [], cursor: this.#cursor, replace: false }
  }

  /** One that cannot be read leaves the run to the others. */
  #leaveOut(index: number, error: unknown): undefined {
    if (!(error instanceof Failure) || this.#sources.length === 1) throw error
    this.#problems.push(errorText(error))
    this.#sources = this.#sources.filter((_source, at) => at !== index)
  }

  /** Whether the first source tells what another one told for it. */
  #isBehind(events: readonly TrainingEvent[]): boolean {
    const { isAhead, gaps } = this.#at.first_state
    return events.some((event) => {
      return (
        isMeasured(event) && (isAhead || gaps.some((name) => Object.hasOwn(event.values, name)))
      )
    })
  }

  #piece(found: TrainingEvent[]): Piece {
    const notes = this.#problems.splice(0).map((text) => readerNote(0, text))
    const events = [...found, ...notes]
    this.#cursor = JSON.stringify(this.#at)
    const replace = this.#isAnew
    this.#isAnew = false
    return { events, cursor: this.#cursor, replace }
  }

  #anew(): Promise<Piece> {
    this.#at = this.#beginning()
    this.#isAnew = true
    this.#open()
    return this.next()
  }

  #open(): void {
    this.#readers = this.#sources.map((source, index) => {
      return source.open({ ...this.#opening, cursor: this.#at.parts[index] ?? null })
    })
  }

  #beginning(): Cursor {
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

  #own(events: TrainingEvent[]): TrainingEvent[] {
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

  #added(events: readonly TrainingEvent[], source: string): TrainingEvent[] {
    const { first_state } = this.#at
    const gaps = new Set<string>()
    const added = events.flatMap((event): TrainingEvent[] => {
      const { attempt } = first_state
      // What went back here as well has attempts of its own, which the first may have joined.
      const own = Math.min(event.attempt, attempt)
      if (event.type === 'log') return [{ ...event, attempt }]
      if (event.type === 'ended') {
        // The log's two files are read in turn, so that a later start may be known already.
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
      return Object.keys(values).length > 0 ? [{ ...event, attempt: own, values }] : []
    })
    first_state.gaps = [...new Set([...first_state.gaps, ...gaps])]
    if (first_state.hasNote || gaps.size === 0) return added
    first_state.hasNote = true
    const [first] = this.#at.sources
    const text = `This run is read from the files of ${first}; ${source} adds ${[...gaps].join(', ')}`
    return [readerNote(first_state.attempt, text, 'info'), ...added]
  }
}

function startFields({
  total_steps,
  resumed_from,
  loss_unit,
}: EventOf<'started'>): FirstSourceState['begun'] {
  return { total_steps, resumed_from, loss_unit }
}

/** A start that `bestmark run` marked: it tells when, and nothing of what the first source counts. */
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

/** A cursor that a reader of this kind wrote; undefined for any other. */
function parseCursor(cursor: string | null): Cursor | undefined {
  try {
    const value: unknown = JSON.parse(cursor ?? 'null')
    const isOurs = typeof value === 'object' && value !== null && 'version' in value
    // Written by `#piece` above, or it would not have its fields.
    return isOurs && value.version === VERSION ? (value as Cursor) : undefined
  } catch {
    return undefined
  }
}
