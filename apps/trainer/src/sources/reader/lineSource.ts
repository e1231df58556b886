import { join } from 'node:path'
import { systemCode } from '../../failure.ts'
import { fileErrorText } from '../../plainErrors.ts'
import {
  type EventOf,
  type TrainingEvent,
  ownValue,
  setOwn,
  readerNote,
  admit,
  cutShort,
  skipFile,
  skipWarnings,
  tooLong,
} from '@bestmark/core'
import { endedEvent, startedEvent } from '../events/newEvents.ts'
import { BEGINNING, readNewBytes, readNewLines, offsetIn } from '../../files/growingFile.ts'
import { Listing } from '../../files/listing.ts'
import { statIfSeen } from '../../files/runFile.ts'
import type { Progress } from '../events/attempts.ts'
import { savedEvents, type SavedFile } from '../events/savedFiles.ts'
import type { Candidate } from '../weights/candidate.ts'
import { readDeclaredMetric } from '../weights/declaredMetric.ts'
import { inferMetric } from '../weights/inferredMetric.ts'
import { readBestPointer } from '../weights/bestPointer.ts'
import { claimEvents } from '../weights/claimEvents.ts'
import { findCandidates } from '../weights/savedWeights.ts'
import { emptyHistory, addToHistory, readWriteTimes } from '../weights/logHistory.ts'
import { withoutCutNumber } from './cutLine.ts'
import type { Format } from './format.ts'
import { type Cursor, formatVersion, parseCursor } from './lineCursor.ts'
import type { ReadOptions, Piece, Source, SourceReader } from './source.ts'

/** A source for files that only grow. */
export function lineSource<State extends Progress>(format: Format<State>): Source {
  return {
    name: format.name,
    isHere: async (listing) => (await format.files(listing)).length > 0,
    files: format.files,
    open: (options) => new LineReader(format, options),
  }
}

/** Errors of one file. Others, such as too many open files, stop the reader. */
const SKIPPED_CODES = new Set([
  'EACCES',
  'EPERM',
  'EISDIR',
  'ENXIO',
  'ENAMETOOLONG',
  'ELOOP',
  'ERR_FS_FILE_TOO_LARGE',
  'ERR_PACKED',
])

class LineReader<State extends Progress> implements SourceReader {
  readonly #format: Format<State>
  readonly #root: string
  readonly #isOver: boolean
  #cursor: string
  #at: Cursor<State> | undefined

  constructor(format: Format<State>, { root, cursor, isOver }: ReadOptions) {
    this.#format = format
    this.#root = root
    this.#isOver = isOver
    this.#cursor = cursor ?? ''
    // A cursor of another version is ignored, and the run is read again.
    if (cursor !== null) this.#at = parseCursor(cursor, formatVersion(format))
  }

  async next(): Promise<Piece> {
    const listing = new Listing(this.#root)
    const first = !this.#at
    const at = (this.#at ??= await this.#beginning(listing))
    const replace = first && this.#cursor !== ''
    const events = await this.#lines(listing, at)
    if (events === 'replaced') return this.#reset()
    if (events.length > 0 && at.hasEnded) return this.#reset()
    addToHistory(at.history, events, this.#isWaiting ? Date.now() : undefined)
    this.#isWaiting = !this.#read
    if (!this.#read) events.push(...this.#endOfInput(at))
    const lastTurn = events.findLast(({ type }) => type === 'started' || type === 'ended')
    if (lastTurn) at.hasLoggedEnd = lastTurn.type === 'ended'
    if (first) events.unshift(...(await this.#started(listing, at)))
    if (!this.#read) {
      events.push(...(await this.#saved(listing, at)))
      events.push(...skipWarnings(at.skips, at.state.attempt))
    }
    if (events.length > 0 || this.#read) return this.#piece(events, replace)
    if (this.#isOver && !at.hasEnded && !at.hasLoggedEnd) {
      at.hasEnded = true
      const { attempt, step, total } = at.state
      const isComplete = total !== null && step !== null && step >= total
      return this.#piece([endedEvent(attempt, isComplete ? 'completed' : 'stopped')], replace)
    }
    return { events: [], cursor: this.#cursor, replace }
  }

  #endOfInput({ state, skips }: Cursor<State>): TrainingEvent[] {
    const found = this.#format.endOfInput?.(state, this.#isOver) ?? []
    return admit(skips, found, { file: this.#format.name })
  }

  async #started(listing: Listing, at: Cursor<State>): Promise<TrainingEvent[]> {
    const { state, skips } = at
    const { fields, warnings } = await this.#format.started(listing)
    const events = admit(skips, [startedEvent(fields)], { file: 'the configuration' })
    for (const event of events) if (event.type === 'started') state.total ??= event.total_steps
    at.begun = events.find((event) => event.type === 'started') ?? null
    return [...events, ...warnings.map((note) => readerNote(0, note))]
  }

  /** Whether the last call found lines, so there may be more. */
  #read = false
  /** Whether all files were read to their ends, so new lines were written just now. */
  #isWaiting = false

  async #lines(listing: Listing, at: Cursor<State>): Promise<TrainingEvent[] | 'replaced'> {
    this.#read = false
    const files = await this.#format.files(listing)
    // What was read may be of another training, which only later lines show.
    if (Object.keys(at.files).some((file) => !files.includes(file) && this.#isThere(file)))
      return 'replaced'
    for (const file of files) {
      const events = await this.#eventsOf(file, at)
      if (events === undefined) continue
      this.#read = true
      return events
    }
    return []
  }

  #isThere(file: string): boolean {
    return statIfSeen(join(this.#root, file)) !== undefined
  }

  /** Events of a file; a file that cannot be read is skipped. */
  async #eventsOf(
    file: string,
    at: Cursor<State>,
  ): Promise<TrainingEvent[] | 'replaced' | undefined> {
    try {
      return this.#format.bytes ? await this.#bytesOf(file, at) : this.#linesOf(file, at)
    } catch (error) {
      if (!SKIPPED_CODES.has(systemCode(error) ?? '')) throw error
      skipFile(at.skips, file, fileErrorText(error) ?? 'it cannot be read')
      return undefined
    }
  }

  #linesOf(file: string, at: Cursor<State>): TrainingEvent[] | 'replaced' | undefined {
    const hasBars = this.#format.hasBars?.(at.state, file) ?? false
    const from = ownValue(at.files, file) ?? BEGINNING
    const look = readNewLines(join(this.#root, file), from, { isOver: this.#isOver, hasBars })
    if (look.kind !== 'grown') return look.kind === 'replaced' ? 'replaced' : undefined
    setOwn(at.files, file, look.end)
    const rest = { file, text: look.rest }
    const { skips } = at
    return [
      ...look.lines.flatMap(({ isLong, before, ...line }) => {
        const text = before === undefined ? line.text : withoutCutNumber(line.text, before)
        const isEmpty = isLong && text === ''
        const read = { ...line, ...(isLong && { isLong }), text, file }
        const found = isEmpty ? [] : (this.#format.line?.(at.state, read) ?? [])
        const isCut = text !== line.text
        const misfits = [...(isLong ? [tooLong()] : []), ...(isCut ? [cutShort()] : [])]
        return admit(skips, [...found, ...misfits], { file, line: line.line })
      }),
      ...admit(skips, this.#format.unfinished?.(at.state, rest) ?? [], { file }),
    ]
  }

  async #bytesOf(
    file: string,
    at: Cursor<State>,
  ): Promise<TrainingEvent[] | 'replaced' | undefined> {
    const path = join(this.#root, file)
    const previous = ownValue(at.files, file) ?? BEGINNING
    const look = readNewBytes(path, previous)
    if (look.kind !== 'grown') return look.kind === 'replaced' ? 'replaced' : undefined
    const { bytes, size } = look
    const { offset } = previous
    const read = await this.#format.bytes?.(at.state, { file, bytes, offset, size })
    if (!read || read.used === 0) return undefined
    setOwn(at.files, file, offsetIn(path, offset + read.used))
    return read.records.flatMap(({ found, byte }) => admit(at.skips, found, { file, byte }))
  }

  /** Events of weights that were saved since the last call. Called after all lines are read. */
  async #saved(listing: Listing, at: Cursor<State>): Promise<TrainingEvent[]> {
    at.history.written = readWriteTimes(this.#root, Object.keys(at.files))
    const saved = await this.#format.saved(listing, at.state, at.history)
    const reached = this.#isOver ? Infinity : Math.max(0, ...at.history.last.filter(Boolean))
    const events = await savedEvents(this.#root, saved, at.stored_files, at.state, reached)
    const candidates = await findCandidates(listing)
    const declared = updatedStart(at, candidates, this.#format.infers ? saved : [])
    const endedWithoutWeights = this.#isOver && candidates.length === 0
    if (events.length > 0 || endedWithoutWeights || (await readBestPointer(listing)))
      events.push(...(await this.#claims(listing, at, saved, candidates)))
    if (declared) events.push(declared)
    return admit(at.skips, events, { file: 'the checkpoints' })
  }

  /** The program's own best, if it is another one than before. */
  async #claims(
    listing: Listing,
    at: Cursor<State>,
    saved: readonly SavedFile[],
    candidates: readonly Candidate[],
  ): Promise<TrainingEvent[]> {
    const { history, state, begun } = at
    const isInferred = begun?.metric_is_inferred ?? false
    const known = { candidates, saved, history, isInferred }
    const claims = await claimEvents(listing, state.attempt, known)
    const claimed = JSON.stringify(claims)
    if (claimed === (at.claimed ?? '[]')) return []
    at.claimed = claimed
    return claims
  }

  async #beginning(listing: Listing): Promise<Cursor<State>> {
    const state = await this.#format.begin(listing)
    const nothing = { files: {}, stored_files: {}, skips: {}, hasEnded: false, hasLoggedEnd: false }
    return {
      format: formatVersion(this.#format),
      state,
      history: emptyHistory(),
      begun: null,
      ...nothing,
    }
  }

  /** Reads the whole run again. */
  async #reset(): Promise<Piece> {
    this.#at = undefined
    return { ...(await this.next()), replace: true }
  }

  #piece(events: TrainingEvent[], replace: boolean): Piece {
    this.#cursor = JSON.stringify(this.#at)
    return { events, cursor: this.#cursor, replace }
  }
}

/** A second `started` event, if the deciding metric is found only after the first one. */
function updatedStart<State extends Progress>(
  at: Cursor<State>,
  candidates: readonly Candidate[],
  saved: readonly SavedFile[],
): EventOf<'started'> | undefined {
  const { begun, state, history, hasEnded } = at
  // A start after the end would show the run as running again.
  if (!begun || hasEnded) return undefined
  const declared = readDeclaredMetric(candidates, history)
  const isNew = declared?.metric_for_best !== begun.metric_for_best
  const isOpen = !declared && begun.metric_for_best === null
  const found = isOpen ? inferMetric(history, saved, candidates) : isNew ? declared : undefined
  if (!found) return undefined
  const { attempt, spans, total } = state
  Object.assign(begun, found, { metric_is_inferred: !declared })
  const resumed_from = spans[attempt]?.[0] || null
  return { ...begun, attempt, resumed_from, total_steps: begun.total_steps ?? total }
}
