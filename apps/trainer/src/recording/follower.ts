import { hasEnded, type TrainingJobStatus } from '@bestmark/core'
import {
  jobDetail,
  JobMoved,
  jobStatus,
  JobUnknown,
  recordFacts,
  type Database,
} from '@bestmark/db'
import { askToStop, forgetRunProcess, hasEndedUnseen, readRunProcess } from '../processes/mark.ts'
import { POLL_EVERY } from './changes.ts'
import { Gathering } from './gathering.ts'
import { QUIET_AFTER } from './checkTimes.ts'
import { FilesRecorder } from './filesRecorder.ts'
import { pause } from '../pause.ts'
import type { RecordedRun } from './recordedRun.ts'
import { OtherRunError } from './journalCursor.ts'
import { isInUse } from './silentRuns.ts'
import { statusesOf } from './statuses.ts'
import { recordUnseenEnd } from './unseenEnd.ts'
import { endedEvent } from '../sources/events/newEvents.ts'
import { lastErrorIn } from '../sources/output/failureText.ts'
import { readJournalEnd, isJournalOnly } from '../sources/journal/runJournal.ts'

/** How long to wait before the next try after an error (ms). */
const TRY_AGAIN = 1_000

/**
 * Keeps recording a run from its program's files until the files show its end or the signal aborts;
 * then records the rest. It polls, because network file systems send no events. If `bestmark run`
 * started the program and died, stop requests and the end are handled here. `onError` gets each
 * error. Also ends if the job was deleted, removed from the board, or moved to another folder, or if
 * a journal appears that is read alone. Throws OtherRunError if the folder holds another run.
 */
export async function followFiles(
  db: Database,
  run: RecordedRun,
  signal: AbortSignal,
  onError: (error: unknown) => void,
): Promise<void> {
  try {
    await followHere(db, run, signal, onError)
  } catch (error) {
    if (!(error instanceof JobMoved)) throw error
  }
}

/** As `followFiles`, but throws JobMoved if the job moved to another folder. */
async function followHere(
  db: Database,
  run: RecordedRun,
  signal: AbortSignal,
  onError: (error: unknown) => void,
): Promise<void> {
  const recorder = new FilesRecorder(db, run, { isOver: false })
  const orphan = new Orphan(db, run)
  const gathering = new Gathering(db, run.job_id)
  const statuses = statusesOf(db)
  let newAt = performance.now()
  let isAtEnd = false
  while (!signal.aborted && !isJournalOnly(run.folder)) {
    try {
      orphan.check()
      const left = isAtEnd && !orphan.hasEnded ? gathering.left(recorder.bytes) : 0
      if (left === 0) {
        const [{ bytes }, began] = [recorder, performance.now()]
        isAtEnd = !(await recorder.record())
        if (!isAtEnd) {
          newAt = performance.now()
          gathering.wrote(bytes, began)
          continue
        }
      }
      const job = await statuses.of(run.job_id, newAt)
      if (job && (job.deleted_at !== null || job.output_dir !== run.folder)) return
      if (!job || hasEnded(job.status)) break
      await orphan.handle(job)
      const isQuiet = performance.now() - newAt > QUIET_AFTER
      using arrival = gathering.arrival(signal)
      using _news = statuses.onNews(run.job_id, arrival.end)
      await pause(isQuiet ? POLL_EVERY.quiet : POLL_EVERY.growing, arrival.signal)
    } catch (error) {
      if (error instanceof OtherRunError || error instanceof JobMoved) throw error
      onError(error)
      if (error instanceof JobUnknown) return
      await pause(TRY_AGAIN, signal)
    }
  }
  if (!isJournalOnly(run.folder)) await recorder.finish()
}

/** A program whose `bestmark run` has ended. */
class Orphan {
  readonly #db: Database
  readonly #run: RecordedRun
  #process: ReturnType<typeof readRunProcess>
  #hasEnded = false
  #isAsked = false

  constructor(db: Database, run: RecordedRun) {
    this.#db = db
    this.#run = run
  }

  /** Whether the process had ended when it was checked. */
  get hasEnded(): boolean {
    return this.#hasEnded
  }

  /** Checks the process before its files are read, so that its files are complete if it has ended. */
  check(): void {
    this.#process = readRunProcess(this.#run.folder)
    const hasEnded = this.#process !== undefined && hasEndedUnseen(this.#process)
    // A child of the process may still write.
    this.#hasEnded = hasEnded && !isInUse(this.#run.folder)
  }

  /** Passes on a stop request. Records the end of the process after everything else is recorded. */
  async handle(job: TrainingJobStatus): Promise<void> {
    if (this.#hasEnded) return this.#recordEnd()
    if (job.status !== 'stopping' || !this.#process || this.#isAsked) return
    this.#isAsked = askToStop(this.#process)
  }

  async #recordEnd(): Promise<void> {
    const { job_id, folder } = this.#run
    const job = await jobStatus(this.#db, job_id)
    if (!job) return
    const { status, current_step, total_steps } = job
    const isComplete = total_steps !== null && current_step !== null && current_step >= total_steps
    const { attempt = 0 } = (await jobDetail(this.#db, job_id)) ?? {}
    const logged = readJournalEnd(folder)
    const end = isComplete ? endedEvent(attempt, 'completed') : undefined
    const event = logged?.attempt === attempt ? logged : end
    if (!event) await recordUnseenEnd(this.#db, this.#run, lastErrorIn(folder))
    else if (event.status !== status) await recordFacts(this.#db, job_id, [event])
    forgetRunProcess(folder)
  }
}
