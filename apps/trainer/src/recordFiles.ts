import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { jobStatus, record, registerJob, sourceCursor, type Database } from '@bestmark/db'
import type { TrainingEvent } from '@bestmark/core'
import { Failure } from './failure.ts'
import { PIECE } from './journalLines.ts'
import type { Recorded } from './recorder.ts'
import { recordScores } from './scores/recordScores.ts'
import { Listing } from './sources/listing.ts'
import { openRun, sourcesIn } from './sources/sources.ts'
import type { Source, SourceReader } from './sources/source.ts'

/** The name under which a job keeps how far its files were read. */
const CURSOR = 'files'
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
    if (!this.#reader || from !== this.#cursor) {
      const opening = { root: folder, cursor: from, isOver: this.#isOver }
      this.#reader = openRun(this.#sources, opening)
      this.#cursor = from
    }
    const { events, cursor: to, replace } = await this.#reader.next()
    if (to === (from ?? '')) return this.#atEnd()
    const stamped = this.#isLive && !replace ? stamp(events) : events
    const batch = { source: CURSOR, from, to, events: stamped, replace }
    const { recorded } = await record(this.#db, job_id, batch)
    this.#cursor = recorded ? to : null
    return true
  }

  /**
   * Records what lies there now. What is written meanwhile is left to the next recorder, so that no
   * program is too fast to end. Throws as `record` does.
   */
  async finish(): Promise<void> {
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
    if (found[0]) await this.#tellSource(found[0].name)
  }

  async #tellSource(source: string): Promise<void> {
    const { job_id, folder: root } = this.#run
    const job = await jobStatus(this.#db, job_id)
    if (!job) throw new Failure(`The job ${job_id} was removed while ${root} was being recorded.`)
    const { name, project, status, host } = job
    const host_id = this.#run.host_id
    if (host_id)
      await registerJob(this.#db, { job_id, host_id, host, root, name, project, status, source })
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
