import { hasEnded, type TrainingJobStatus } from '@bestmark/core'
import { jobDetail, JobUnknown, recordFacts, type Database } from '@bestmark/db'
import { askToStop, forgetRunProcess, hasEndedUnseen, readRunProcess } from '../processes/mark.ts'
import { FilesRecorder, QUIET_AFTER } from './filesRecorder.ts'
import { pause } from '../pause.ts'
import type { RecordedRun } from './recordedRun.ts'
import { OtherRunError } from './journalCursor.ts'
import { statusesOf } from './statuses.ts'
import { endedEvent } from '../sources/events/newEvents.ts'
import { readJournalEnd, isJournalOnly } from '../sources/journal/runJournal.ts'

/** How often files are looked at while they grow, and once they have been quiet for a while (ms). */
const LOOK = { growing: 500, quiet: 5_000 }
/** How long to wait before what failed is tried again (ms). */
const TRY_AGAIN = 1_000

/**
 * Keeps recording a run from its program's own files, by looking again and again (network file
 * systems tell no events), until its files tell that it ended or the signal aborts; then records
 * what lies there. Where `bestmark run` started the program and died, it is asked here to stop, and
 * its end is told. `onTrouble` hears why nothing is recorded. It ends where the job was removed
 * from the board, and where a journal came that is to be read alone. Throws OtherRunError where the
 * folder holds another run.
 */
export async function followFiles(
  db: Database,
  run: RecordedRun,
  signal: AbortSignal,
  onTrouble: (error: unknown) => void,
): Promise<void> {
  const recorder = new FilesRecorder(db, run, { isOver: false })
  const orphan = new Orphan(db, run)
  const statuses = statusesOf(db)
  let heard = performance.now()
  while (!signal.aborted && !isJournalOnly(run.folder)) {
    try {
      orphan.look()
      if (await recorder.record()) {
        heard = performance.now()
        continue
      }
      const job = await statuses.of(run.job_id, heard)
      if (!job || hasEnded(job.status)) break
      await orphan.care(job)
      const isQuiet = performance.now() - heard > QUIET_AFTER
      await pause(isQuiet ? LOOK.quiet : LOOK.growing, signal)
    } catch (error) {
      if (error instanceof OtherRunError) throw error
      onTrouble(error)
      if (error instanceof JobUnknown) return
      await pause(TRY_AGAIN, signal)
    }
  }
  if (!isJournalOnly(run.folder)) await recorder.finish()
}

/** A program that `bestmark run` started, as far as that one is no more. */
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

  /** Looks at the process before its files are read, so that these are whole where it is gone. */
  look(): void {
    this.#process = readRunProcess(this.#run.folder)
    this.#hasEnded = this.#process !== undefined && hasEndedUnseen(this.#process)
  }

  /** Passes on a wish to stop, and tells an end that nobody saw, once all that was written is recorded. */
  async care(job: TrainingJobStatus): Promise<void> {
    if (this.#hasEnded) return this.#tellEnd(job)
    if (job.status !== 'stopping' || !this.#process || this.#isAsked) return
    this.#isAsked = askToStop(this.#process)
  }

  async #tellEnd({ status, current_step, total_steps }: TrainingJobStatus): Promise<void> {
    const { job_id, folder } = this.#run
    const isWhole = total_steps !== null && current_step !== null && current_step >= total_steps
    const end = isWhole ? 'completed' : status === 'stopping' ? 'stopped' : 'lost'
    const { attempt = 0 } = (await jobDetail(this.#db, job_id)) ?? {}
    const said = readJournalEnd(folder)
    const event = said?.attempt === attempt ? said : endedEvent(attempt, end)
    if (event.status === status) return
    await recordFacts(this.#db, job_id, [event])
    forgetRunProcess(folder)
  }
}
