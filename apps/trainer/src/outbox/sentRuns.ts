import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { DEFAULT_PROJECT, JOURNAL } from '@bestmark/core'
import { ErrorReporter } from '../cli/errorReporter.ts'
import { statIfSeen } from '../files/runFile.ts'
import { pause } from '../pause.ts'
import { isInUse } from '../recording/silentRuns.ts'
import { readLastChange, mayGrow } from '../sources/identity.ts'
import { scoresSize } from '../sources/scores/scoresFile.ts'
import { drivenJob, readRunNote } from '../sources/runNote.ts'
import { type FoundRun, searchRuns, unreadFolderText } from '../sources/runSearch.ts'
import { type Outbox, spoolFile, spoolsIn } from './outbox.ts'
import type { Sending } from './sending.ts'
import { type SpooledRun, SpoolRecorder } from './spoolRecorder.ts'

/** The pause between two looks: at least this time (ms), and this many times the time of a look. */
const REST = { least: 2_000, times: 10 }
/** How often the files of a run are read while they grow, and when they are quiet (ms). */
const READ_EVERY = { growing: 1_000, quiet: 5_000 }
/** After this time without anything new the files are quiet (ms). */
const QUIET_AFTER = 30_000
/** How often spools that are not needed any more are removed (ms). */
const REMOVE_EVERY = 60_000
/** Projects of runs that name none. A journal without a project belongs to that of its token. */
const UNNAMED: readonly string[] = ['imported', DEFAULT_PROJECT]

/** How a found run is named. */
export interface Naming {
  /** The project of runs that are new on the board. */
  project?: string | undefined
  nameOf: (run: FoundRun) => Promise<string>
}

/** Finds runs below folders, reads them into spools, and gives these to a sending. */
export class SentRuns {
  readonly #outbox: Outbox
  readonly #sending: Sending
  readonly #naming: Naming
  readonly #message: (text: string) => void
  readonly #errors: ErrorReporter
  readonly #followed = new Map<string, Promise<void>>()
  /** When the files of each run that was read to its end last changed. */
  readonly #read = new Map<string, number>()

  constructor(outbox: Outbox, sending: Sending, naming: Naming, message: (text: string) => void) {
    this.#outbox = outbox
    this.#sending = sending
    this.#naming = naming
    this.#message = message
    this.#errors = new ErrorReporter(message)
  }

  /** Sends what earlier processes left, also of runs whose folders are gone. */
  addLeft(): void {
    for (const spool of spoolsIn(this.#outbox.outbox)) {
      this.#sending.add(spool.state.job_id, spool.state.root, () => spoolFile(spool))
    }
  }

  /** Removes spools that the board has whole, and whose runs are gone. */
  removeSent(): void {
    for (const { state } of spoolsIn(this.#outbox.outbox)) {
      const { job_id, root } = state
      if (statIfSeen(root) || !this.#sending.isSent(job_id)) continue
      this.#sending.remove(job_id)
      rmSync(join(this.#outbox.outbox, job_id), { recursive: true, force: true })
    }
  }

  /** Looks until the signal aborts, then waits until every run is read to its end. */
  async watch(paths: readonly string[], signal: AbortSignal): Promise<void> {
    for (let removedAt = performance.now(); !signal.aborted;) {
      const began = performance.now()
      await this.look(paths, signal)
      if (began - removedAt > REMOVE_EVERY) {
        this.removeSent()
        removedAt = began
      }
      await pause(Math.max(REST.least, REST.times * (performance.now() - began)), signal)
    }
    await this.read()
  }

  /** Waits until the runs that were found are read. */
  async read(): Promise<void> {
    await Promise.all(this.#followed.values())
  }

  /** Looks once. With `once` each run is read as it is now. */
  async look(paths: readonly string[], signal: AbortSignal, once = false): Promise<void> {
    const onUnreadable = (folder: string, why: string): void => {
      this.#errors.report(unreadFolderText(folder, why))
    }
    const seen = new Set<string>()
    for (const path of paths) {
      for await (const run of searchRuns(path, { signal, onUnreadable }, seen)) {
        await this.#take(run, signal, once).catch((error: unknown) => {
          this.#errors.reportFor(`Skipped ${run.root}`, error)
        })
      }
    }
  }

  async #take(run: FoundRun, signal: AbortSignal, once: boolean): Promise<void> {
    const { root } = run
    if (this.#followed.has(root) || this.#read.get(root) === (await readLastChange(root))) return
    const driven = await drivenJob(root)
    // The `bestmark run` of its program decides soon which job it is.
    if (driven === null) return
    const name = await this.#naming.nameOf(run)
    const noted = (await readRunNote(root))?.job_id ?? null
    // What `bestmark run` reads of a program has more than the journal of its client, whose id may differ.
    const hasSpool = noted !== null && statIfSeen(join(this.#outbox.outbox, noted)) !== undefined
    const isSpooled = noted !== null && (hasSpool || noted !== run.job_id)
    if (run.source === JOURNAL && run.job_id !== null && !isSpooled) {
      const scores = (): number => scoresSize(root)
      const journal = { job_id: run.job_id, path: join(root, JOURNAL), root, scores }
      this.#sending.add(run.job_id, name, () => journal)
      return void this.#read.set(root, await readLastChange(root))
    }
    const job_id = isSpooled ? noted : (driven ?? run.job_id ?? noted)
    const project = this.#naming.project ?? (UNNAMED.includes(run.project) ? '' : run.project)
    const reading = this.#follow({ ...run, job_id, name, project }, signal, once)
    const done = reading
      .catch((error: unknown) => this.#errors.reportFor(`Skipped ${root}`, error))
      .finally(() => this.#followed.delete(root))
    this.#followed.set(root, done)
  }

  /** Reads a run until it has ended, or the signal aborts; then what its files have now. */
  async #follow(run: SpooledRun, signal: AbortSignal, once: boolean): Promise<void> {
    const { root, name } = run
    const onNotice = (text: string): void => this.#errors.reportFor(name, text)
    const recorder = SpoolRecorder.open(run, this.#outbox, onNotice)
    const { spool } = recorder
    const { job_id } = spool.state
    this.#message(`Sending ${name} (${run.source}).`)
    this.#sending.remove(job_id)
    this.#sending.add(job_id, name, () => ({
      ...spoolFile(spool),
      checkpoints: () => recorder.checkpoints,
    }))
    for (let newAt = performance.now(); ;) {
      const isLast = once || signal.aborted
      const changed = await readLastChange(root)
      const isOver = !(await mayGrow(root)) && !isInUse(root)
      const isNew = await this.#readNew(recorder, run, isOver)
      if (isNew) newAt = performance.now()
      if (spool.state.is_replaced) return
      if (isOver && isNew !== undefined) return void this.#read.set(root, changed)
      if (isLast) return
      const isQuiet = performance.now() - newAt > QUIET_AFTER
      await pause(isQuiet ? READ_EVERY.quiet : READ_EVERY.growing, signal)
    }
  }

  /** Reads what is new; returns whether there was anything, undefined after an error. */
  async #readNew(
    recorder: SpoolRecorder,
    { name }: SpooledRun,
    isOver: boolean,
  ): Promise<boolean | undefined> {
    let isNew = false
    try {
      while (await recorder.record(isOver)) isNew = true
      return isNew
    } catch (error) {
      this.#errors.reportFor(name, error)
      return undefined
    }
  }
}
