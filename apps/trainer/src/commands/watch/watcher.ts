import pLimit from 'p-limit'
import { hasEnded, type Patience, type TrainingJobStatus, JOURNAL } from '@bestmark/core'
import { JobDeleted, jobStatus } from '@bestmark/db'
import { AGENT_OPTIONS } from '../../agent/options.ts'
import type { Board } from '../../board/board.ts'
import { followFiles } from '../../recording/follower.ts'
import { archivePartJobs } from '../../recording/partJobs.ts'
import { findRenamedLogJob } from '../../recording/renamedLogs.ts'
import {
  importRun,
  IMPORTS_AT_ONCE,
  type NameOptions,
  register,
} from '../../recording/importRun.ts'
import { applyNames } from '../../recording/jobNames.ts'
import { SilentRuns } from '../../recording/silentRuns.ts'
import { pause } from '../../pause.ts'
import { followJournal } from '../../recording/journal.ts'
import { endReplacedJob } from '../../recording/replacedRuns.ts'
import { OtherRunError } from '../../recording/journalCursor.ts'
import { statusesOf } from '../../recording/statuses.ts'
import { searchRuns, unreadFolderText } from '../../sources/runSearch.ts'
import { readLastChange, mayGrow, type RunIdentity } from '../../sources/identity.ts'
import { nameBelow } from './runName.ts'
import { unloggedText } from './unloggedFolders.ts'
import { sweepJob } from '../../recording/sweep.ts'
import { ErrorReporter } from '../../cli/errorReporter.ts'

/** The pause between two looks: at least this time (ms), and this many times the time of a look. */
const REST = { least: 2_000, times: 10 }

/** Shows what a watcher finds. */
export interface Display {
  /** Shows a message for people. */
  message: (line: string) => void
  /** Shows the status of a run, again and again while it is followed. */
  show: (job: TrainingJobStatus) => void
}

/** A run that is followed. */
interface Followed {
  job_id: string
  folder: string
  done: Promise<void>
}

/** Finds runs below folders, imports finished ones, and follows growing ones. */
export class Watcher {
  readonly #board: Board
  readonly #project: NameOptions
  readonly #display: Display
  readonly #errors: ErrorReporter
  readonly #silence: SilentRuns
  readonly #followed = new Map<string, Followed>()
  /** Roots of runs whose names were checked. */
  readonly #named = new Set<string>()
  /** The last change time of each imported run, by its root. */
  readonly #imported = new Map<string, number>()
  /** The folders with weights and without a log were named. */
  #hasNamedWeights = false
  #hasArchivedParts = false

  constructor(
    board: Board,
    project: NameOptions,
    display: Display,
    patience: Patience = AGENT_OPTIONS.patience,
  ) {
    this.#board = board
    this.#project = project
    this.#display = display
    this.#errors = new ErrorReporter(display.message)
    this.#silence = new SilentRuns(board.db, patience)
  }

  /** Looks until the signal aborts, then waits until every followed run is recorded. */
  async watch(paths: readonly string[], signal: AbortSignal): Promise<void> {
    const listening = this.#listen(signal)
    while (!signal.aborted) {
      const began = performance.now()
      await this.look(paths, signal)
      await pause(Math.max(REST.least, REST.times * (performance.now() - began)), signal)
    }
    await listening
    await Promise.all([...this.#followed.values()].map(({ done }) => done))
  }

  async #listen(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#silence.endSilent(this.#followed.values()).catch(this.#errors.report)
      await pause(AGENT_OPTIONS.pace.silence, signal)
    }
  }

  /** Looks once for new runs, and for finished runs that changed. */
  async look(paths: readonly string[], signal: AbortSignal): Promise<void> {
    const onUnreadable = (folder: string, why: string): void => {
      this.#errors.report(unreadFolderText(folder, why))
    }
    const [weights, roots, seen] = [new Set<string>(), new Set<string>(), new Set<string>()]
    const onWeights = (folder: string): void => void weights.add(folder)
    const takes: Promise<boolean>[] = []
    const atOnce = pLimit(IMPORTS_AT_ONCE)
    for (const path of paths) {
      for await (const run of searchRuns(path, { signal, onUnreadable, onWeights }, seen)) {
        roots.add(run.root).add(run.folder)
        const named = { ...run, name: await nameBelow(path, run) }
        takes.push(atOnce(() => this.#isTaken(named, signal)))
      }
    }
    const taken = await Promise.all(takes)
    if (!this.#hasNamedWeights && !signal.aborted) this.#nameWeights(weights, roots)
    if (this.#hasArchivedParts || signal.aborted) return
    await this.#archiveParts(roots).catch((error: unknown) => {
      // If a run could not be recorded, its trouble was reported just now.
      if (!taken.includes(false)) this.#errors.report(error)
    })
  }

  /** Says once which folders hold weights but no log. */
  #nameWeights(folders: Set<string>, roots: Set<string>): void {
    this.#hasNamedWeights = true
    const text = unloggedText(folders, roots)
    if (text !== undefined) this.#display.message(text)
  }

  /** Archives once the jobs of folders that an earlier version took for runs. */
  async #archiveParts(roots: Set<string>): Promise<void> {
    for (const text of await archivePartJobs(this.#board, roots)) this.#display.message(text)
    this.#hasArchivedParts = true
  }

  /** Takes a run, or reports why it cannot be taken. */
  async #isTaken(run: RunIdentity, signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return false
    try {
      await this.#take(run, signal)
      return true
    } catch (error) {
      this.#errors.reportFor(`Skipped ${run.root}`, error)
      return false
    }
  }

  async #take(run: RunIdentity, signal: AbortSignal): Promise<void> {
    if (this.#followed.has(run.root)) return
    const changed = await readLastChange(run.root)
    if (this.#imported.get(run.root) === changed) return
    try {
      await this.#record(run, changed, signal)
    } catch (error) {
      // Nothing is read of a deleted job's run until its files change.
      if (error instanceof JobDeleted) this.#imported.set(run.root, changed)
      throw error
    }
  }

  async #record(run: RunIdentity, changed: number, signal: AbortSignal): Promise<void> {
    if ((await findRenamedLogJob(this.#board, run.root)) !== undefined)
      return void this.#imported.set(run.root, changed)
    if (await mayGrow(run.root)) return this.#follow(run, signal)
    const job = await importRun(this.#board, run.root, this.#naming(run), this.#onTold(run))
    await this.#takeNames(run, job.job_id)
    this.#showEnd(run, job)
    this.#imported.set(run.root, changed)
  }

  async #follow(run: RunIdentity, signal: AbortSignal): Promise<void> {
    const { db, host_id } = this.#board
    const job = await register(this.#board, run, this.#naming(run))
    const { job_id, root: folder } = job
    this.#display.message(`Recording ${run.name} (${run.source}).`)
    await this.#takeNames(run, job_id)
    const over = new AbortController()
    const until = AbortSignal.any([signal, over.signal])
    const onError = (error: unknown): void => this.#errors.reportFor(run.name, error)
    const onNotice = this.#onTold(run)
    const following =
      run.source === JOURNAL
        ? followJournal(db, { job_id, folder, onNotice }, until, onError)
        : followFiles(db, { job_id, folder, host_id, onNotice }, until, onError)
    const end = (): void => over.abort()
    const done = Promise.all([following, this.#untilOver(run, job_id, until, end)])
      .then(async () => {
        if (signal.aborted) return void (await sweepJob(db, job))
        // The next look finds later changes.
        const changed = await readLastChange(run.root)
        await importRun(this.#board, run.root, this.#naming(run))
        this.#imported.set(run.root, changed)
      })
      .catch(async (error: unknown) => {
        onError(error)
        if (error instanceof OtherRunError) await endReplacedJob(db, job_id).catch(onError)
      })
      .finally(() => {
        over.abort()
        this.#followed.delete(run.root)
      })
    this.#followed.set(run.root, { job_id, folder, done })
  }

  /** An existing job keeps its project. The message about it appears once. */
  async #takeNames({ root, name }: RunIdentity, job_id: string): Promise<void> {
    if (this.#project.project === undefined || this.#named.has(root)) return
    this.#named.add(root)
    const job = await jobStatus(this.#board.db, job_id)
    const named = job && (await applyNames(this.#board.db, job, this.#project))
    if (named?.refusal !== undefined) this.#display.message(`${name}: ${named.refusal}`)
  }

  #naming({ name }: RunIdentity): NameOptions {
    return { ...this.#project, name }
  }

  #onTold({ name }: RunIdentity): (text: string) => void {
    return (text) => this.#errors.reportFor(name, text)
  }

  /** Returns once the run has ended. A run without new log lines may be saving, or it may be lost. */
  async #untilOver(
    run: RunIdentity,
    job_id: string,
    signal: AbortSignal,
    end: () => void,
  ): Promise<void> {
    const statuses = statusesOf(this.#board.db)
    // If an ended run grows again, its new lines must be recorded before its status counts.
    for (let began = performance.now(); !signal.aborted;) {
      await pause(REST.least, signal)
      try {
        const asked = performance.now()
        const status = await statuses.fresh(job_id, began)
        if (statuses.answeredAt > asked) this.#errors.databaseAnswered()
        if (!status || status.deleted_at !== null) return end()
        if (hasEnded(status.status)) {
          this.#showEnd(run, status)
          return end()
        }
        this.#display.show(status)
      } catch (error) {
        this.#errors.report(error)
      }
    }
  }

  #showEnd({ name }: RunIdentity, job: TrainingJobStatus): void {
    const best = job.best_checkpoint_path
      ? `its best checkpoint is ${job.best_checkpoint_path}`
      : 'it has no best checkpoint'
    this.#display.show(job)
    this.#display.message(`Run ${name} has ended: ${job.status}; ${best}.`)
  }
}
