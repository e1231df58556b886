import { cancellable, hasEnded, type SlurmJob, type TrainingJobStatus } from '@bestmark/core'
import { type Database, offerStop } from '@bestmark/db'
import { hasRunProcess } from '../processes/mark.ts'
import type { RecordedRun } from '../recording/recordedRun.ts'
import { cancelled, isThere } from '../slurm/cancel.ts'

/** How often Slurm is asked about a run that cannot be stopped yet (ms). */
const ASK_AGAIN = 60_000
/** How long a step may take to end after SIGTERM, as Slurm's default for jobs (ms). */
const GRACE = 30_000

/**
 * Stops a run that only its program records, such as with the Python client: by the Slurm job or step
 * that does nothing else. While this agent can do so, the board offers it.
 */
export class SlurmStop {
  readonly #db: Database
  readonly #run: RecordedRun
  readonly #ended = Promise.withResolvers<'gone'>()
  #isOffered = false
  #isOver = false
  #lookedAt = -Infinity
  /** When Slurm took the request to stop, and to kill what has not ended (ms of `performance.now`). */
  #askedAt: number | undefined
  #killedAt: number | undefined

  constructor(db: Database, run: RecordedRun) {
    this.#db = db
    this.#run = run
  }

  /** Resolves when Slurm has ended the run on request. */
  get ended(): Promise<'gone'> {
    return this.#ended.promise
  }

  /** Offers to stop a job, and passes on a request. */
  async look({ slurm, status }: TrainingJobStatus): Promise<void> {
    const target = slurm && cancellable(slurm)
    if (!target || this.#isOver || hasEnded(status)) return
    // `bestmark run` stops its program itself.
    if (hasRunProcess(this.#run.folder)) return
    if (status === 'stopping') await this.#stop(target, slurm)
    else if (!this.#isOffered) await this.#offer(target, slurm)
  }

  /** The run has ended, so nobody can stop its next start until its Slurm job is seen. */
  async withdraw(): Promise<void> {
    if (!this.#isOffered) return
    this.#isOffered = false
    await offerStop(this.#db, this.#run.job_id, false)
  }

  async #offer(target: string, { cluster }: SlurmJob): Promise<void> {
    const now = performance.now()
    if (now - this.#lookedAt < ASK_AGAIN) return
    this.#lookedAt = now
    if (!(await isThere(target, cluster))) return
    this.#isOffered = true
    await offerStop(this.#db, this.#run.job_id, true)
  }

  async #stop(target: string, { cluster }: SlurmJob): Promise<void> {
    this.#isOffered = true
    const isAlive = await isThere(target, cluster)
    if (isAlive === undefined) return
    if (!isAlive) {
      this.#isOver = true
      return this.#ended.resolve('gone')
    }
    const now = performance.now()
    if (this.#askedAt === undefined) {
      if (await cancelled(target, false)) this.#askedAt = now
    } else if (this.#killedAt === undefined && now - this.#askedAt > GRACE) {
      if (await cancelled(target, true)) this.#killedAt = now
    }
  }
}
