import { bestEffort, isUnavailable, watch, type Database } from '@bestmark/db'
import { openBoard, type Board } from '../../board/board.ts'
import { pause } from '../../pause.ts'
import { FilesRecorder } from '../../recording/filesRecorder.ts'
import type { RecordedRun } from '../../recording/recordedRun.ts'
import { sweepJob } from '../../recording/sweep.ts'
import { RUN_LOG } from '../../sources/reader/mixedReader.ts'
import {
  type RecordingListener,
  type ProgramRun,
  ProgramRuns,
  type Started,
} from './programRuns.ts'

/** How long to wait before the board is tried again while the program runs, and after it (ms). */
const AGAIN = { running: 2_000, over: 300 }
/**
 * How long after the program's end the board is still tried where it fails, and how long it may take
 * to open where it did not fail yet: a first database is made, another one recovers (ms).
 */
const PATIENCE = { failing: 5_000, opening: 60_000 }
/** How long letting go of a board may take that does not answer (ms). */
const LETTING_GO = 500

/**
 * Records the run of a program whatever the board does meanwhile: the run's files keep it all, so
 * the board is tried until it answers, and nothing that it does reaches the program.
 */
export class RunRecorder {
  readonly #run: ProgramRun
  readonly #keeper: RecordingListener
  readonly #started: Started | undefined
  /** Aborted when the program has ended. */
  readonly #over = new AbortController()
  /** Aborted when the board is tried no more. */
  readonly #given = new AbortController()
  readonly #begun: Promise<OpenRecording | undefined>
  #ended = Infinity

  /** `started` is left out where the program could not be started. */
  constructor(run: ProgramRun, keeper: RecordingListener, started?: Started) {
    this.#run = run
    this.#keeper = keeper
    this.#started = started
    this.#begun = this.#begin()
  }

  /**
   * Once the program has ended: records what is left; returns whether all is on the board. It takes
   * as long as the board answers, and no longer once `hurried` aborts.
   */
  async end(hurried: AbortSignal): Promise<boolean> {
    this.#over.abort()
    this.#ended = performance.now()
    const patience = AbortSignal.timeout(PATIENCE.opening)
    const until = AbortSignal.any([hurried, patience, this.#given.signal])
    const begun = await Promise.race([this.#begun, untilAborted(until)])
    if (!begun) {
      this.#given.abort()
      void this.#begun.then(async (late) => late?.board[Symbol.asyncDispose]())
      return false
    }
    const isWhole = await Promise.race([this.#finish(begun), untilAborted(hurried)])
    const close = async (): Promise<void> => begun.board[Symbol.asyncDispose]()
    await (isWhole ? close() : bestEffort(close, LETTING_GO))
    return isWhole ?? false
  }

  async #begin(): Promise<OpenRecording | undefined> {
    const board = await this.#again(() => openBoard())
    const begun = board && (await this.#again(() => this.#register(board)))
    if (!begun) return undefined
    const { errors } = this.#keeper
    errors.databaseAnswered()
    if (this.#over.signal.aborted) return begun
    begun.parts.start()
    void this.#keepUp(board.db, begun.run.job_id)
    return begun
  }

  async #register(board: Board): Promise<OpenRecording> {
    const [run, keeper, started] = [this.#run, this.#keeper, this.#started]
    const parts = new ProgramRuns(board, { run, keeper, started, over: this.#over.signal })
    return { board, parts, run: await parts.begin() }
  }

  /** Tries until it is done, or is of no use any more. */
  async #again<T>(work: () => Promise<T>): Promise<T | undefined> {
    while (!this.#given.signal.aborted) {
      try {
        return await work()
      } catch (error) {
        await this.#rest(error)
      }
    }
    return undefined
  }

  /** Waits after a failure; once the program has ended not for long any more. */
  async #rest(error: unknown): Promise<void> {
    this.#keeper.errors.report(error)
    const isOver = this.#over.signal.aborted
    if (this.#isGivenUp) return this.#given.abort()
    const woken = isOver ? this.#given.signal : this.#over.signal
    await pause(isOver ? AGAIN.over : AGAIN.running, woken)
  }

  get #isGivenUp(): boolean {
    return performance.now() - this.#ended > PATIENCE.failing
  }

  /** Looks at the board: shows how the job goes, and passes on a wish to stop. */
  async #keepUp(db: Database, job_id: string): Promise<void> {
    const { errors, line, onStop } = this.#keeper
    const { signal } = this.#over
    while (!signal.aborted) {
      try {
        for await (const { status } of watch(db, { jobs: [{ job_id, revision: 0 }] }, signal)) {
          errors.databaseAnswered()
          line?.show(status)
          if (status.status === 'stopping') onStop()
        }
      } catch (error) {
        if (signal.aborted) return
        errors.report(error)
        await pause(AGAIN.running, signal)
      }
    }
  }

  /** Records all that lies there; tries again for a while where the board is only away. */
  async #finish({ board, parts }: OpenRecording): Promise<boolean> {
    const runs = await parts.finish()
    for (;;) {
      try {
        for (const { run } of runs) {
          // Whoever called it over before, this is all that the program wrote.
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

/** The runs of a program, of which the first is on a board. */
interface OpenRecording {
  board: Board
  parts: ProgramRuns
  run: RecordedRun
}

function untilAborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined)
    signal.addEventListener('abort', () => resolve(undefined), { once: true })
  })
}
