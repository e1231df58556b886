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
import { readCursor, shifted, writeCursor } from './attemptShift.ts'
import { folderId } from './folderId.ts'
import { compareHistory } from './history.ts'
import { OtherRunError } from './journalCursor.ts'
import { piecesIn, watchedFiles } from './runFiles.ts'
import { recordScores } from './scores.ts'
import { readerWarnings } from '../sources/events/newEvents.ts'
import { Listing } from '../files/listing.ts'
import { openRun, findSources } from '../sources/sources.ts'
import type { ReadOptions, Piece, Source, SourceReader } from '../sources/reader/source.ts'
import { RUN_LOG } from '../sources/reader/mixedReader.ts'
import { drivenJob } from '../sources/runNote.ts'

/**
 * Where no file is seen to change all is looked at again this often (ms): files of another source may
 * appear, and weights grow where no look reaches.
 */
const LOOK_FOR_OTHERS = { growing: 5_000, quiet: 60_000 }
/** How far the files were read is asked this often (ms); in between it is known, or refused as old. */
const ASK_AGAIN = 60_000
/** After so long without news files are quiet (ms). */
export const QUIET_AFTER = 60_000

/**
 * Records a run from the files that any program writes. It keeps its reader, so that a look at files
 * in which nothing is new costs little. Other recorders of the same run may go on in between: each
 * event is stored once.
 */
export class FilesRecorder {
  readonly #db: Database
  readonly #run: RecordedRun
  readonly #isOver: boolean
  #sources: Source[] = []
  #looked = -Infinity
  #asked = -Infinity
  /** When there was something new last. */
  #heard = performance.now()
  /** What stood for the files when all of them were read. */
  #known: string | undefined
  #watched: string[] = []
  #reader: SourceReader | undefined
  #cursor: string | null = null
  /** All there was has been read before, so what is new was written just now. */
  #isLive = false
  /** The folder that holds this run, as far as is known. */
  #folder_id: string | null = null
  /** The source by which the stored history was read. */
  #storedBy: string | undefined
  /** Files that its sources read, as far as they were there. */
  #read: string[] = []

  constructor(db: Database, run: RecordedRun, { isOver }: { isOver: boolean }) {
    this.#db = db
    this.#run = run
    this.#isOver = isOver
  }

  /**
   * Records the next piece; returns whether there may be more. The database is asked only where a
   * file changed. Throws where reading or the database fails, and OtherRunError where the folder holds
   * another run.
   */
  async record(): Promise<boolean> {
    const isLate = performance.now() - this.#looked > this.#lookAgain
    const isDue = isLate || (this.#state() !== this.#known && (await this.#isElsewhere()))
    if (isDue) await this.#lookForSources()
    const state = this.#state()
    if (!isDue && state === this.#known) return false
    const isChanged = state !== this.#known
    const isNew = this.#sources.length > 0 && (await this.#recordNext(isChanged))
    if (isNew) this.#heard = performance.now()
    this.#known = isNew ? undefined : state
    return isNew
  }

  get #lookAgain(): number {
    const isQuiet = performance.now() - this.#heard > QUIET_AFTER
    return isQuiet ? LOOK_FOR_OTHERS.quiet : LOOK_FOR_OTHERS.growing
  }

  /** Stands for the run's files as they lie there now, and for what lies in their folders. */
  #state(): string {
    const seen = this.#watched.map((file) => {
      const found = statIfSeen(join(this.#run.folder, file))
      return found ? `${found.ino} ${found.mtimeMs} ${found.size}` : ''
    })
    return seen.join('\n')
  }

  async #recordNext(isChanged: boolean): Promise<boolean> {
    const isAsked = this.#reader !== undefined && performance.now() - this.#asked < ASK_AGAIN
    const from = isAsked ? this.#cursor : await this.#ask()
    const isGone = this.#read.length > 0 && !this.#read.some((file) => this.#isThere(file))
    const reader = this.#takeReader(from)
    const piece = await reader.next()
    const { shift, cursor } = readCursor(from)
    // What was read may be of another run, so that it is looked at first.
    if (await this.#isElsewhere()) return true
    if (piece.cursor === (cursor ?? '') && !isGone) {
      this.#keepReader(reader, from)
      return isAsked && !isChanged ? false : this.#atEnd()
    }
    const isAnew = cursor !== null && (piece.replace || isGone)
    const history = isAnew ? await this.#history() : 'same'
    if (history === 'unknown') return false
    // Taking back what these files told would take back what earlier ones told as well.
    const isFurther = history === 'later' || (piece.replace && shift > 0)
    if (!isFurther) return this.#recordPiece(reader, from, { ...piece, shift })
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
    const told = shifted(events, shift)
    const stamped = this.#isLive && !replace ? stamp(told) : told
    const to = writeCursor({ shift, cursor })
    const batch = { source: FILES_CURSOR, from, to, events: stamped, replace }
    const { recorded } = await record(this.#db, job_id, batch)
    if (recorded) {
      this.#keepReader(reader, to)
      this.#storedBy = this.#sources[0]?.name
      await this.#lookWhatIsRead()
      for (const text of readerWarnings(events)) this.#run.onNotice?.(text)
    }
    const isBegun = events.some(({ type }) => type === 'started')
    // What nobody drives that is known here, nobody can ask to stop.
    if (isBegun && !hasLiveProcess(folder)) await this.#register(false)
    return true
  }

  /** Whether files that are not those that were read hold the job's history. Throws OtherRunError where they do not. */
  async #history(): Promise<'same' | 'later' | 'unknown'> {
    const { job_id, folder } = this.#run
    const source = this.#storedBy ?? this.#sources[0]?.name ?? ''
    const history = await compareHistory(this.#db, { job_id, source }, folder)
    if (history === 'another') throw new OtherRunError(folder)
    return history
  }

  async #ask(): Promise<string | null> {
    this.#asked = performance.now()
    return sourceCursor(this.#db, this.#run.job_id, FILES_CURSOR)
  }

  /**
   * The reader that stands at a cursor. It is kept again only once what it read is recorded: where
   * anything fails before, it is ahead of the board, and the next one begins at the cursor anew.
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

  async #lookWhatIsRead(): Promise<void> {
    const listing = new Listing(this.#run.folder)
    const files: string[] = []
    for (const source of this.#sources) {
      // The log of `bestmark run` is put back where a program removes it.
      if (source.name !== RUN_LOG) files.push(...(await source.files(listing)))
    }
    this.#read = files.filter((file) => this.#isThere(file))
  }

  #keepReader(reader: SourceReader, cursor: string | null): void {
    this.#reader = reader
    this.#cursor = cursor
  }

  /**
   * Records what lies there now. What is written meanwhile is left to the next recorder, so that no
   * program is too fast to end. Throws as `record` does.
   */
  async finish(): Promise<void> {
    this.#looked = -Infinity
    this.#known = undefined
    let left = await piecesIn(this.#run.folder)
    while (left-- > 0 && (await this.record()));
  }

  /** The scores come after the checkpoints that they are of; HuggingFace's reader tells them itself. */
  async #atEnd(): Promise<boolean> {
    this.#isLive = true
    if (this.#sources[0]?.name === 'huggingface') return false
    return recordScores(this.#db, this.#run)
  }

  async #lookForSources(): Promise<void> {
    this.#looked = performance.now()
    const { folder: root, job_id, isStartedHere } = this.#run
    if (!isStartedHere) {
      // Whoever started the program there finds out whose run it is.
      if ((await drivenJob(root)) === null) return void (this.#sources = [])
      if (await holdsOtherRun(this.#db, { job_id, root })) throw new OtherRunError(root)
    }
    if (!(await this.#isSameRun())) return void (this.#sources = [])
    const found = await findSources(root)
    this.#watched = await watchedFiles(root, found)
    const names = (sources: readonly Source[]): string => sources.map(({ name }) => name).join()
    // A folder that cannot be seen for a moment takes nothing back.
    if (found.length === 0 || names(found) === names(this.#sources)) return
    this.#sources = found
    this.#reader = undefined
    await this.#register()
  }

  /** Whether another folder than the one that was last found to hold the run lies there now. */
  async #isElsewhere(): Promise<boolean> {
    if (this.#folder_id === null) return false
    const now = await folderId(this.#run.folder)
    return now !== null && now !== this.#folder_id
  }

  /**
   * Whether the run's own folder lies there, or another one with the same history; one in which
   * nothing can be read yet is waited for. Throws OtherRunError where it has another history.
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

  /** Puts on the board by which source the run is read, and that it cannot be stopped where that is so. */
  async #register(is_stoppable?: false): Promise<void> {
    const { job_id, folder: root, host_id } = this.#run
    const job = await jobStatus(this.#db, job_id)
    if (!job) throw new JobUnknown(job_id)
    const { name, project, status, host } = job
    const source = this.#sources[0]?.name ?? ''
    const known = { job_id, host, root, name, project, status, source }
    const folder_id = await folderId(root)
    if (host_id) await registerJob(this.#db, { ...known, folder_id, host_id, is_stoppable })
  }
}

/** Most programs write no times; what was just written happened just now. */
function stamp(events: TrainingEvent[]): TrainingEvent[] {
  const at = Date.now()
  return events.map((event) => (event.at === null ? { ...event, at } : event))
}
