import { join } from 'node:path'
import {
  folderOfJob,
  jobDetail,
  jobStatus,
  JobUnknown,
  record,
  registerJob,
  sourceCursor,
  type Database,
} from '@bestmark/db'
import type { TrainingEvent } from '@bestmark/core'
import { statIfSeen } from '../files/runFile.ts'
import { hasLiveProcess } from '../processes/mark.ts'
import { FILES_CURSOR, type RecordedRun } from './recordedRun.ts'
import { holdsOtherRun } from './replacedRuns.ts'
import { readCursor, shiftAttempts, writeCursor } from './attemptShift.ts'
import { folderId } from './folderId.ts'
import { compareHistory } from './history.ts'
import { OtherRunError } from './journalCursor.ts'
import { nextPiece } from './piece.ts'
import { piecesIn, watchedFiles } from './runFiles.ts'
import { recordSampleFiles } from './sampleFiles.ts'
import { recordScores } from './scores.ts'
import { readerWarnings } from '../sources/events/newEvents.ts'
import { Listing } from '../files/listing.ts'
import { openRun, findSources } from '../sources/sources.ts'
import type { ReadOptions, Piece, Source, SourceReader } from '../sources/reader/source.ts'
import { RUN_LOG } from '../sources/reader/mixedReader.ts'
import { drivenJob } from '../sources/runNote.ts'

/**
 * How often all files are checked if no watched file changed (ms), because files of another source
 * may appear, and weights may grow in deeper folders.
 */
const CHECK_ALL = { growing: 5_000, quiet: 60_000 }
/** How often the stored cursor is read again (ms); an outdated cursor is refused anyway. */
const ASK_AGAIN = 60_000
/** Files are quiet after this time without new events (ms). */
export const QUIET_AFTER = 60_000

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
  #cursor: string | null = null
  /** Everything was read before, so new events were written just now. */
  #isLive = false
  /** The id of the folder that holds this run; null if unknown. */
  #folder_id: string | null = null
  /** The source of the stored history. */
  #storedBy: string | undefined
  /** The existing files that the sources read. */
  #read: string[] = []

  constructor(db: Database, run: RecordedRun, { isOver }: { isOver: boolean }) {
    this.#db = db
    this.#run = run
    this.#isOver = isOver
  }

  /**
   * Records the next piece; returns whether there may be more. The database is asked only if a file
   * changed. Throws if reading or the database fails, OtherRunError if the folder holds another run,
   * and JobMoved if the job is of another folder now.
   */
  async record(): Promise<boolean> {
    const isLate = performance.now() - this.#searchedAt > this.#checkEvery
    const isDue = isLate || (this.#state() !== this.#readState && (await this.#isFolderReplaced()))
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
    const seen = this.#watched.map((file) => {
      const found = statIfSeen(join(this.#run.folder, file))
      return found ? `${found.ino} ${found.mtimeMs} ${found.size}` : ''
    })
    return seen.join('\n')
  }

  async #recordNext(isChanged: boolean): Promise<boolean> {
    const isCursorRead =
      this.#reader !== undefined && performance.now() - this.#cursorReadAt < ASK_AGAIN
    const from = isCursorRead ? this.#cursor : await this.#ask()
    const isGone = this.#read.length > 0 && !this.#read.some((file) => this.#isThere(file))
    const reader = this.#takeReader(from)
    const { shift, cursor } = readCursor(from)
    const { isWhole, ...piece } = await nextPiece(reader, cursor ?? '')
    // The folder may have been replaced during reading.
    if (await this.#isFolderReplaced()) return true
    if (piece.cursor === (cursor ?? '') && !isGone) {
      this.#keepReader(reader, from)
      return isCursorRead && !isChanged ? false : this.#atEnd()
    }
    const isAnew = cursor !== null && (piece.replace || isGone)
    const history = isAnew ? await this.#history() : 'same'
    if (history === 'unknown') return false
    // Replacing the events of these files would also remove the events of earlier files.
    const isFurther = history === 'later' || (piece.replace && shift > 0)
    if (!isFurther) {
      const isNew = await this.#recordPiece(reader, from, { ...piece, shift })
      if (!isWhole) this.#reader = undefined
      return isNew
    }
    const { attempt } = (await jobDetail(this.#db, this.#run.job_id)) ?? { attempt: 0 }
    const begun = isGone && !piece.replace ? openRun(this.#sources, this.#opening(null)) : reader
    const first = begun === reader ? piece : await begun.next()
    return this.#recordPiece(begun, from, { ...first, replace: false, shift: attempt + 1 })
  }

  async #recordPiece(
    reader: SourceReader,
    from: string | null,
    { events, cursor, replace, shift }: Piece & { shift: number },
  ): Promise<boolean> {
    const { job_id, folder } = this.#run
    const ofJob = shiftAttempts(events, shift)
    const stamped = this.#isLive && !replace ? addTimes(ofJob) : ofJob
    const to = writeCursor({ shift, cursor })
    const batch = { source: FILES_CURSOR, from, to, events: stamped, replace, root: folder }
    const { recorded } = await record(this.#db, job_id, batch)
    if (recorded) {
      this.#keepReader(reader, to)
      this.#storedBy = this.#sources[0]?.name
      await this.#findReadFiles()
      for (const text of readerWarnings(events)) this.#run.onNotice?.(text)
    }
    const isBegun = events.some(({ type }) => type === 'started')
    // A run without a known process cannot be stopped from the board.
    if (isBegun && !hasLiveProcess(folder)) await this.#register(false)
    return true
  }

  /** Whether changed files still hold the job's history. Throws OtherRunError if they do not. */
  async #history(): Promise<'same' | 'later' | 'unknown'> {
    const { job_id, folder, isStartedHere } = this.#run
    const source = this.#storedBy ?? this.#sources[0]?.name ?? ''
    const isRead = this.#sources.some(({ name }) => name === source)
    // A program that still runs may begin to write a log that is read instead of the one before.
    if (!isRead && (isStartedHere || (await drivenJob(folder)) === job_id)) return 'same'
    const history = await compareHistory(this.#db, { job_id, source }, folder)
    if (history === 'another') throw new OtherRunError(folder)
    return history
  }

  async #ask(): Promise<string | null> {
    this.#cursorReadAt = performance.now()
    return sourceCursor(this.#db, this.#run.job_id, FILES_CURSOR)
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

  #isThere(file: string): boolean {
    return statIfSeen(join(this.#run.folder, file)) !== undefined
  }

  async #findReadFiles(): Promise<void> {
    const listing = new Listing(this.#run.folder)
    const files: string[] = []
    for (const source of this.#sources) {
      // `bestmark run` restores its own log if a program removes it.
      if (source.name !== RUN_LOG && !source.rotates) files.push(...(await source.files(listing)))
    }
    this.#read = files.filter((file) => this.#isThere(file))
  }

  #keepReader(reader: SourceReader, cursor: string | null): void {
    this.#reader = reader
    this.#cursor = cursor
  }

  /**
   * Records the files as they are now. Lines written meanwhile wait for the next recorder, so that a
   * fast program cannot keep this call running. Throws the same errors as `record`.
   */
  async finish(): Promise<void> {
    this.#searchedAt = -Infinity
    this.#readState = undefined
    let left = await piecesIn(this.#run.folder)
    while (left-- > 0 && (await this.record()));
  }

  /** Records scores and samples, which need their checkpoints first. HuggingFace's reader reads scores itself. */
  async #atEnd(): Promise<boolean> {
    this.#isLive = true
    const isSampled = await recordSampleFiles(this.#db, this.#run)
    if (this.#sources[0]?.name === 'huggingface') return isSampled
    return (await recordScores(this.#db, this.#run)) || isSampled
  }

  async #findSources(): Promise<void> {
    this.#searchedAt = performance.now()
    const { folder: root, job_id, isStartedHere } = this.#run
    if (!isStartedHere) {
      // The `bestmark run` that started the program decides which job this run is.
      if ((await drivenJob(root)) === null) return void (this.#sources = [])
      if (await holdsOtherRun(this.#db, { job_id, root })) throw new OtherRunError(root)
    }
    if (!(await this.#isSameRun())) return void (this.#sources = [])
    const found = await findSources(root)
    this.#watched = await watchedFiles(root, found)
    const names = (sources: readonly Source[]): string => sources.map(({ name }) => name).join()
    // A folder that is unreachable for a moment changes nothing.
    if (found.length === 0 || names(found) === names(this.#sources)) return
    this.#sources = found
    this.#reader = undefined
    await this.#register()
  }

  /** Whether the folder was replaced by another folder. */
  async #isFolderReplaced(): Promise<boolean> {
    if (this.#folder_id === null) return false
    const now = await folderId(this.#run.folder)
    return now !== null && now !== this.#folder_id
  }

  /**
   * Whether the folder is the same, or a new one with the same history. False while nothing can be
   * read in a new folder. Throws OtherRunError if it has another history.
   */
  async #isSameRun(): Promise<boolean> {
    const { job_id, folder: root, isStartedHere } = this.#run
    const now = await folderId(root)
    if (this.#storedBy !== undefined && (now === null || now === this.#folder_id)) return true
    const job = await folderOfJob(this.#db, job_id)
    this.#storedBy ??= job?.source
    if (now === null || isStartedHere) return true
    const isMoved = job && job.folder_id !== null && job.folder_id !== now
    if (isMoved) {
      const history = await compareHistory(this.#db, job, root)
      if (history === 'another') throw new OtherRunError(root)
      if (history === 'unknown') return false
      this.#reader = undefined
      this.#sources = []
    }
    this.#folder_id = now
    return true
  }

  /** Stores the source of the run on the board, and whether the run can be stopped. */
  async #register(is_stoppable?: false): Promise<void> {
    const { job_id, folder: root, host_id } = this.#run
    const job = await jobStatus(this.#db, job_id)
    if (!job) throw new JobUnknown(job_id)
    const { name, project, status, host } = job
    const source = this.#sources[0]?.name ?? ''
    const stored = { job_id, host, root, name, project, status, source, keeps_root: true }
    const folder_id = await folderId(root)
    if (host_id) await registerJob(this.#db, { ...stored, folder_id, host_id, is_stoppable })
  }
}

/** Adds the time to new events, because most programs write no times. */
function addTimes(events: TrainingEvent[]): TrainingEvent[] {
  const at = Date.now()
  return events.map((event) => (event.at === null ? { ...event, at } : event))
}
