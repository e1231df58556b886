import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import {
  jobStatus,
  JobUnknown,
  record,
  registerJob,
  sourceCursor,
  type Database,
} from '@bestmark/db'
import type { TrainingEvent } from '@bestmark/core'
import { PIECE } from './journalLines.ts'
import { isDriven } from './process.ts'
import type { Recorded } from './recorder.ts'
import { recordScores } from './scores/recordScores.ts'
import { toldByReader } from './sources/events.ts'
import { Listing } from './sources/listing.ts'
import { openRun, sourcesIn } from './sources/sources.ts'
import type { Source, SourceReader } from './sources/source.ts'

/** The name under which a job keeps how far its files were read. */
export const CURSOR = 'files'
/** Files of another source may appear while a run goes on; they are looked for this often (ms). */
const LOOK_FOR_OTHERS = 5_000
/** Pieces for all files that are shorter than one. */
const SMALL_FILES = 200

/**
 * Records a run from the files that any program writes. It keeps its reader, so that a look at files
 * in which nothing is new costs little. Other recorders of the same run may go on in between: each
 * event is stored once.
 */
export class FilesRecorder {
  readonly #db: Database
  readonly #run: Recorded
  readonly #isOver: boolean
  #sources: Source[] = []
  #looked = -Infinity
  #reader: SourceReader | undefined
  #cursor: string | null = null
  /** All there was has been read before, so what is new was written just now. */
  #isLive = false

  constructor(db: Database, run: Recorded, { isOver }: { isOver: boolean }) {
    this.#db = db
    this.#run = run
    this.#isOver = isOver
  }

  /** Records the next piece; returns whether there may be more. Throws where reading or the database fails. */
  async record(): Promise<boolean> {
    await this.#lookForSources()
    if (this.#sources.length === 0) return false
    const { job_id, folder } = this.#run
    const from = await sourceCursor(this.#db, job_id, CURSOR)
    const reader = this.#takeReader(from)
    const { events, cursor: to, replace } = await reader.next()
    if (to === (from ?? '')) {
      this.#keepReader(reader, from)
      return this.#atEnd()
    }
    const stamped = this.#isLive && !replace ? stamp(events) : events
    const batch = { source: CURSOR, from, to, events: stamped, replace }
    const { recorded } = await record(this.#db, job_id, batch)
    if (recorded) {
      this.#keepReader(reader, to)
      for (const text of toldByReader(events)) this.#run.onTold?.(text)
    }
    const isBegun = events.some(({ type }) => type === 'started')
    // What nobody drives that is known here, nobody can ask to stop.
    if (isBegun && !isDriven(folder)) await this.#register(false)
    return true
  }

  /**
   * The reader that stands at a cursor. It is kept again only once what it read is recorded: where
   * anything fails before, it is ahead of the board, and the next one begins at the cursor anew.
   */
  #takeReader(cursor: string | null): SourceReader {
    const kept = this.#cursor === cursor ? this.#reader : undefined
    this.#reader = undefined
    return kept ?? openRun(this.#sources, { root: this.#run.folder, cursor, isOver: this.#isOver })
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
    if (performance.now() - this.#looked < LOOK_FOR_OTHERS) return
    this.#looked = performance.now()
    const found = await sourcesIn(this.#run.folder)
    const names = (sources: readonly Source[]): string => sources.map(({ name }) => name).join()
    // A folder that cannot be seen for a moment takes nothing back.
    if (found.length === 0 || names(found) === names(this.#sources)) return
    this.#sources = found
    this.#reader = undefined
    await this.#register()
  }

  /** Puts on the board by which source the run is read, and that it cannot be stopped where that is so. */
  async #register(is_stoppable?: false): Promise<void> {
    const { job_id, folder: root, host_id } = this.#run
    const job = await jobStatus(this.#db, job_id)
    if (!job) throw new JobUnknown(job_id)
    const { name, project, status, host } = job
    const source = this.#sources[0]?.name ?? ''
    const known = { job_id, host, root, name, project, status, source }
    if (host_id) await registerJob(this.#db, { ...known, host_id, is_stoppable })
  }
}

/** In so many pieces all that a run's files hold now is read at the most, plus a few small ones. */
async function piecesIn(root: string): Promise<number> {
  const listing = new Listing(root)
  let pieces = SMALL_FILES
  for (const name of await listing.names()) {
    const inner = (await listing.names(name)).map((below) => join(name, below))
    for (const one of [name, ...inner]) {
      const { size } = (await stat(join(root, one)).catch(() => undefined)) ?? { size: 0 }
      // A piece ends with a line, so two that follow each other are longer than one may be.
      pieces += 2 * Math.floor(size / PIECE)
    }
  }
  return pieces
}

/** Most programs write no times; what was just written happened just now. */
function stamp(events: TrainingEvent[]): TrainingEvent[] {
  const at = Date.now()
  return events.map((event) => (event.at === null ? { ...event, at } : event))
}
