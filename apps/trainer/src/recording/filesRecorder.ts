import { type Batch, type Recorded, sourceCursor, type Database } from '@bestmark/db'
import { mayHaveLiveProcess } from '../processes/mark.ts'
import { FILES_CURSOR, type RecordedRun } from './recordedRun.ts'
import { holdsOtherRun } from './replacedRuns.ts'
import {
  addTimes,
  type AttemptShift,
  readCursor,
  shiftAttempts,
  writeCursor,
} from './attemptShift.ts'
import { ASK_AGAIN, CHECK_ALL, QUIET_AFTER } from './checkTimes.ts'
import { recordShorter, shiftOfBranch, unlistedPaths, withoutUnchanged } from './changedFiles.ts'
import type { FirstReading } from './firstReading.ts'
import { recordFromFiles } from './fromFiles.ts'
import { RecordedFolder } from './recordedFolder.ts'
import { compareHistory, type HistoryMatch } from './history.ts'
import { OtherRunError } from './journalCursor.ts'
import { isLong, PieceAhead } from './piece.ts'
import { registerSource } from './registeredSource.ts'
import { statusesOf } from './statuses.ts'
import { bytesOf, isThere, piecesIn, readFiles, stateOf, watchedFiles } from './runFiles.ts'
import { recordSampleFiles } from './sampleFiles.ts'
import { recordScores } from './scores.ts'
import { readerWarnings } from '../sources/events/newEvents.ts'
import { openRun, findSources } from '../sources/sources.ts'
import type { ReadOptions, Piece, Source, SourceReader } from '../sources/reader/source.ts'
import { drivenJob } from '../sources/runNote.ts'

/** How a piece is recorded. */
interface Counting extends Partial<Pick<Batch, 'removes_scores' | 'keeps_checkpoints'>> {
  at: AttemptShift
}

/**
 * Records a run from the files of its program. It keeps its reader, so that unchanged files cost
 * little. Several recorders may record one run: each event is stored once.
 */
export class FilesRecorder {
  readonly #db: Database
  readonly #run: RecordedRun
  readonly #isOver: boolean
  #sources: Source[] = []
  #searchedAt = -Infinity
  #cursorReadAt = -Infinity
  /** When the last new event was recorded. */
  #newAt = performance.now()
  /** The state of the files when all of them were read. */
  #readState: string | undefined
  #watched: string[] = []
  #reader: SourceReader | undefined
  #ahead = new PieceAhead()
  #cursor: string | null = null
  #last: Recorded['last']
  /** Everything was read before, so new events were written just now. */
  #isLive = false
  readonly #folder: RecordedFolder
  /** The state of the files when they held less than the board. */
  #shorterState: string | undefined
  /** The existing files that the sources read. */
  #read: string[] = []

  /** Its job is new, so it is already noted that it cannot be stopped. */
  readonly #isNew: boolean = false

  /** A reading is given for a job that was just put on the board, after it. */
  constructor(
    db: Database,
    run: RecordedRun,
    { isOver, reading }: { isOver: boolean; reading?: FirstReading | undefined },
  ) {
    this.#db = db
    this.#run = run
    this.#isOver = isOver
    this.#folder = new RecordedFolder(db, run, reading?.sources[0]?.name)
    if (!reading) return
    this.#isNew = true
    this.#searchedAt = this.#cursorReadAt = performance.now()
    this.#sources = reading.sources
    this.#watched = reading.watched
    this.#reader = reading.reader
    this.#ahead = reading.ahead
  }

  /**
   * Records the next piece; returns whether there may be more. The database is asked only if a file
   * changed. Throws if reading or the database fails, OtherRunError if the folder holds another run,
   * and JobMoved if the job is of another folder now.
   */
  async record(): Promise<boolean> {
    const isLate = performance.now() - this.#searchedAt > this.#checkEvery
    const isDue = isLate || (this.#state() !== this.#readState && (await this.#folder.isReplaced()))
    if (isDue) await this.#findSources()
    const state = this.#state()
    if (!isDue && state === this.#readState) return false
    const isChanged = state !== this.#readState
    const isNew = this.#sources.length > 0 && (await this.#recordNext(isChanged || isLate))
    if (isNew) this.#newAt = performance.now()
    this.#readState = isNew ? undefined : state
    return isNew
  }

  get #checkEvery(): number {
    const isQuiet = performance.now() - this.#newAt > QUIET_AFTER
    return isQuiet ? CHECK_ALL.quiet : CHECK_ALL.growing
  }

  /** A text that changes when a watched file or folder changes. */
  #state(): string {
    return stateOf(this.#run.folder, this.#watched)
  }

  /** The sizes of all watched files together. */
  get bytes(): number {
    return bytesOf(this.#run.folder, this.#watched)
  }

  async #recordNext(isChanged: boolean): Promise<boolean> {
    if (this.#shorterState === this.#state()) return this.#atEnd()
    this.#shorterState = undefined
    const isCursorRead =
      this.#reader !== undefined && performance.now() - this.#cursorReadAt < ASK_AGAIN
    const from = isCursorRead ? this.#cursor : await this.#ask()
    if (this.#sources.length === 0) return false
    const isGone =
      this.#read.length > 0 && !this.#read.some((file) => isThere(this.#run.folder, file))
    const reader = this.#takeReader(from)
    const { shorter: _shorter, cursor, ...at } = readCursor(from)
    const { isWhole, ...piece } = await this.#ahead.take(reader, cursor ?? '')
    // The folder may have been replaced during reading.
    if (await this.#folder.isReplaced()) return true
    if (piece.cursor === (cursor ?? '') && !isGone) {
      this.#keepReader(reader, from)
      return isCursorRead && !isChanged ? false : this.#atEnd()
    }
    if (cursor !== null && (piece.replace || isGone))
      return this.#recordChanged(reader, from, piece)
    if (isWhole && isLong(piece)) this.#ahead.begin(reader, piece.cursor)
    const isNew = await this.#recordPiece(reader, from, { ...piece, at })
    if (!isWhole) this.#reader = undefined
    return isNew
  }

  /** Records files that do not go on from their cursor. What is stored of the run stays. */
  async #recordChanged(reader: SourceReader, from: string | null, piece: Piece): Promise<boolean> {
    const { db, job_id } = { db: this.#db, job_id: this.#run.job_id }
    const at = readCursor(from)
    const match = await this.#history()
    if (match.kind === 'unknown') return false
    const removes_scores = this.#readsScores
    if (match.kind === 'shorter') {
      this.#shorterState = this.#state()
      const { events } = match
      const isNew = await recordShorter(db, this.#run, from, { events, removes_scores })
      return isNew || this.#atEnd()
    }
    const isAll = match.kind === 'all' && (match.isExact || !piece.replace || at.shift === 0)
    if (isAll) {
      const shift = piece.replace ? { shift: 0 } : { shift: at.shift, known: at.known }
      const except = await unlistedPaths(db, this.#run, [...piece.events, ...match.events])
      const kept = { except }
      return this.#recordPiece(reader, from, { ...piece, at: shift, keeps_checkpoints: kept })
    }
    const branch = match.kind === 'further' ? match.branch : null
    const begun = piece.replace ? reader : openRun(this.#sources, this.#opening(null))
    const first = begun === reader ? piece : await begun.next()
    const shift = await shiftOfBranch(db, job_id, branch)
    return this.#recordPiece(begun, from, { ...first, replace: false, at: shift, removes_scores })
  }

  async #recordPiece(
    reader: SourceReader,
    from: string | null,
    { events, cursor, replace, at, ...options }: Piece & Counting,
  ): Promise<boolean> {
    const { job_id, folder } = this.#run
    const ofJob = shiftAttempts(events, at)
    const stamped = this.#isLive && !replace ? addTimes(ofJob) : ofJob
    const isFurther = at.shift > 0 || at.known !== undefined
    const kept = isFurther ? await withoutUnchanged(this.#db, this.#run, stamped) : stamped
    const to = writeCursor({ ...at, cursor })
    const batch = { source: FILES_CURSOR, from, to, events: kept, replace, root: folder }
    const all = { ...batch, ...options }
    const { recorded, last } = await recordFromFiles(this.#db, job_id, all, this.#last)
    this.#last = last
    if (recorded) {
      statusesOf(this.#db).wrote(job_id)
      this.#keepReader(reader, to)
      this.#folder.storedBy = this.#sources[0]?.name
      this.#read = await readFiles(folder, this.#sources)
      for (const text of readerWarnings(events)) this.#run.onNotice?.(text)
    }
    const isBegun = events.some(({ type }) => type === 'started')
    // A run without a known process cannot be stopped from the board.
    if (isBegun && !this.#isNew && !mayHaveLiveProcess(folder))
      await registerSource(this.#db, this.#run, this.#sources, false)
    return true
  }

  /** HuggingFace's reader reads scores itself. */
  get #readsScores(): boolean {
    return this.#sources[0]?.name === 'huggingface'
  }

  /** How changed files relate to the job's history. Throws OtherRunError if they hold another one. */
  async #history(): Promise<Exclude<HistoryMatch, { kind: 'another' }>> {
    const { job_id, folder, isStartedHere } = this.#run
    const source = this.#folder.storedBy ?? this.#sources[0]?.name ?? ''
    const isRead = this.#sources.some(({ name }) => name === source)
    // A program that still runs may begin to write a log that is read instead of the one before.
    if (!isRead && (isStartedHere || (await drivenJob(folder)) === job_id))
      return { kind: 'all', isExact: false, events: [] }
    const match = await compareHistory(this.#db, { job_id, source }, folder)
    if (match.kind === 'another') throw new OtherRunError(folder)
    return match
  }

  async #ask(): Promise<string | null> {
    this.#cursorReadAt = performance.now()
    const stored = await sourceCursor(this.#db, this.#run.job_id, FILES_CURSOR)
    if (this.#cursor !== null && stored !== this.#cursor) {
      // Another recorder stored it, perhaps from a log that appeared after the last search.
      this.#folder.storedBy = undefined
      await this.#findSources()
    }
    return stored
  }

  /**
   * The reader at a cursor. It is kept only after its events are recorded. If recording fails, this
   * reader is ahead of the board, so a new reader starts at the cursor.
   */
  #takeReader(cursor: string | null): SourceReader {
    const kept = this.#cursor === cursor ? this.#reader : undefined
    this.#reader = undefined
    return kept ?? openRun(this.#sources, this.#opening(readCursor(cursor).cursor))
  }

  #opening(cursor: string | null): ReadOptions {
    return { root: this.#run.folder, cursor, isOver: this.#isOver }
  }

  #keepReader(reader: SourceReader, cursor: string | null): void {
    this.#reader = reader
    this.#cursor = cursor
  }

  /** As `recordAll`, after another search for logs. */
  async finish(): Promise<void> {
    this.#searchedAt = -Infinity
    this.#readState = undefined
    await this.recordAll()
  }

  /**
   * Records the files as they are now. Lines written meanwhile wait for the next recorder, so that a
   * fast program cannot keep this call running. Throws the same errors as `record`.
   */
  async recordAll(): Promise<void> {
    let left = await piecesIn(this.#run.folder)
    while (left-- > 0 && (await this.record()));
  }

  /** Records scores and samples, which need their checkpoints first. */
  async #atEnd(): Promise<boolean> {
    this.#isLive = true
    const isSampled = await recordSampleFiles(this.#db, this.#run)
    return (!this.#readsScores && (await recordScores(this.#db, this.#run))) || isSampled
  }

  async #findSources(): Promise<void> {
    this.#searchedAt = performance.now()
    const { folder: root, job_id, isStartedHere } = this.#run
    if (!isStartedHere) {
      // The `bestmark run` that started the program decides which job this run is.
      if ((await drivenJob(root)) === null) return void (this.#sources = [])
      if (await holdsOtherRun(this.#db, { job_id, root })) throw new OtherRunError(root)
    }
    const change = await this.#folder.check()
    if (change !== 'none') [this.#reader, this.#sources] = [undefined, []]
    if (change === 'unread') return
    const found = await findSources(root)
    this.#watched = await watchedFiles(root, found)
    const names = (sources: readonly Source[]): string => sources.map(({ name }) => name).join()
    // A folder that is unreachable for a moment changes nothing.
    if (found.length === 0 || names(found) === names(this.#sources)) return
    this.#sources = found
    this.#reader = undefined
    await registerSource(this.#db, this.#run, this.#sources)
  }
}
