import { shellWord } from '@bestmark/core'
import { bestEffort, isUnavailable, type Database } from '@bestmark/db'
import { openBoard, type Board } from '../../board/board.ts'
import { pause } from '../../pause.ts'
import { FilesRecorder } from '../../recording/filesRecorder.ts'
import { statusesOf } from '../../recording/statuses.ts'
import { sweepJob } from '../../recording/sweep.ts'
import { RUN_LOG } from '../../sources/reader/mixedReader.ts'
import type { ProgramRun, Recording, RecordingListener, Started } from './programRun.ts'
import { ProgramRuns } from './programRuns.ts'

/** The wait before the board is tried again, while the program runs and after its end (ms). */
const AGAIN = { running: 2_000, over: 300 }
/**
 * After the program's end: how long a failing board is tried again, and how long a board may take to
 * open, since a new database takes time (ms).
 */
const PATIENCE = { failing: 5_000, opening: 60_000 }
/** How often the status of the first job is looked at (ms). It is in memory if nothing changed. */
const LOOK = 1_000
/** How long closing a board may take that does not answer (ms). */
const CLOSING = 500

/**
 * Records the run of a program, also if the board fails meanwhile. The run's files keep everything,
 * so the board is tried until it answers. Its errors never reach the program.
 */
export class RunRecorder implements Recording {
  readonly #run: ProgramRun
  readonly #listener: RecordingListener
  readonly #started: Started
  /** Aborted when the program has ended. */
  readonly #over = new AbortController()
  /** Aborted when the recorder gives up the board. */
  readonly #givenUp = new AbortController()
  readonly #opened: Promise<OpenRecording | undefined>
  #ended = Infinity

  constructor(run: ProgramRun, listener: RecordingListener, started: Started) {
    this.#run = run
    this.#listener = listener
    this.#started = started
    this.#opened = this.#begin()
  }

  leftText(folders: readonly string[]): string {
    const what = 'The board has only a part of the run; its files have all of it'
    const words = folders.map(shellWord).join(' ')
    return `${what}. When the database answers: bestmark import ${words}`
  }

  async end(hurried: AbortSignal): Promise<boolean> {
    this.#over.abort()
    this.#ended = performance.now()
    const patience = AbortSignal.timeout(PATIENCE.opening)
    const until = AbortSignal.any([hurried, patience, this.#givenUp.signal])
    const opened = await Promise.race([this.#opened, untilAborted(until)])
    if (!opened) {
      this.#givenUp.abort()
      void this.#opened.then(async (late) => late?.board[Symbol.asyncDispose]())
      return false
    }
    const isWhole = await Promise.race([this.#finish(opened), untilAborted(hurried)])
    const close = async (): Promise<void> => opened.board[Symbol.asyncDispose]()
    await (isWhole ? close() : bestEffort(close, CLOSING))
    return isWhole ?? false
  }

  async #begin(): Promise<OpenRecording | undefined> {
    const board = await this.#again(() => openBoard(process.env, { connections: 1 }))
    const opened = board && (await this.#again(() => this.#register(board)))
    if (!opened) return undefined
    const { errors } = this.#listener
    errors.databaseAnswered()
    if (this.#over.signal.aborted) return opened
    opened.parts.start()
    void this.#keepUp(board.db, opened.parts)
    return opened
  }

  async #register(board: Board): Promise<OpenRecording> {
    const [run, listener, started] = [this.#run, this.#listener, this.#started]
    const parts = new ProgramRuns(board, { run, listener, started, over: this.#over.signal })
    await parts.begin()
    return { board, parts }
  }

  /** Tries until it succeeds, or until the recorder gives up. */
  async #again<T>(work: () => Promise<T>): Promise<T | undefined> {
    while (!this.#givenUp.signal.aborted) {
      try {
        return await work()
      } catch (error) {
        await this.#rest(error)
      }
    }
    return undefined
  }

  /** Waits after a failure; only a short time after the program's end. */
  async #rest(error: unknown): Promise<void> {
    this.#listener.errors.report(error)
    const isOver = this.#over.signal.aborted
    if (this.#isGivenUp) return this.#givenUp.abort()
    const woken = isOver ? this.#givenUp.signal : this.#over.signal
    await pause(isOver ? AGAIN.over : AGAIN.running, woken)
  }

  get #isGivenUp(): boolean {
    return performance.now() - this.#ended > PATIENCE.failing
  }

  /** Shows the progress of the first job, and passes on a request to stop. */
  async #keepUp(db: Database, parts: ProgramRuns): Promise<void> {
    const { errors, line, onStop } = this.#listener
    const { signal } = this.#over
    const statuses = statusesOf(db)
    while (!signal.aborted && parts.first) {
      const { run } = parts.first
      const news = new AbortController()
      using _news = statuses.onNews(run.job_id, () => news.abort())
      const asked = performance.now()
      try {
        const job = await (line ? statuses.fresh(run.job_id, 0) : statuses.of(run.job_id, 0))
        if (statuses.answeredAt > asked) errors.databaseAnswered()
        if (job) line?.show(job)
        if (job?.status === 'stopping') onStop()
      } catch (error) {
        errors.report(error)
      }
      await pause(LOOK, AbortSignal.any([signal, news.signal]))
    }
  }

  /** Records everything. Tries again for a while if the database cannot be reached. */
  async #finish({ board, parts }: OpenRecording): Promise<boolean> {
    const runs = await parts.finish()
    for (;;) {
      try {
        for (const { run } of runs) {
          // The program has ended, so its files are complete.
          await new FilesRecorder(board.db, run, { isOver: false }).finish()
          await sweepJob(board.db, { ...run, root: run.folder, source: RUN_LOG })
        }
        await parts.release()
        return true
      } catch (error) {
        await this.#rest(error)
        if (!isUnavailable(error) || this.#isGivenUp) return false
      }
    }
  }
}

/** A recording on an open board. */
interface OpenRecording {
  board: Board
  parts: ProgramRuns
}

function untilAborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined)
    signal.addEventListener('abort', () => resolve(undefined), { once: true })
  })
}
