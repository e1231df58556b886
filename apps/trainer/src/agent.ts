import type { JobState } from '@bestmark/core'
import { hostedJobs, seeHost, type Database, type HostedJob } from '@bestmark/db'
import { JOURNAL } from './journal.ts'
import { isAlive, readRunProcess } from './process.ts'
import { pause } from './recorder.ts'
import type { StartedRun, Starter } from './runs.ts'
import { shipNext } from './shipping.ts'
import { supervise } from './supervise.ts'
import { sweepJob } from './sweep.ts'

/** How often the agent looks for work (ms). */
const ROUND = 300
/** How often the files of all jobs are looked at again (ms). */
const SWEEP_EVERY = 5_000
const LIVE: readonly JobState[] = ['starting', 'running', 'stopping']

/**
 * The process that lives where the files are: it records runs, adopts those of an agent that died,
 * passes on requests to stop, looks after files and ships checkpoints.
 */
export class Agent {
  readonly #db: Database
  readonly #starter: Starter
  readonly #onTrouble: (error: unknown) => void
  readonly #reserved = new Set<string>()
  readonly #supervised = new Map<string, Promise<void>>()
  #sweptAt = 0

  constructor(db: Database, starter: Starter, onTrouble: (error: unknown) => void) {
    this.#db = db
    this.#starter = starter
    this.#onTrouble = onTrouble
  }

  /** Works until the signal aborts, then leaves every run recorded as far as its journal goes. */
  async work(signal: AbortSignal): Promise<void> {
    const shipping = this.#keepDoing(signal, () => this.#ship(signal))
    const sweeping = this.#keepDoing(signal, () => this.#sweep(signal))
    await this.#keepDoing(signal, () => this.#round(signal))
    await Promise.all([shipping, sweeping, ...this.#supervised.values()])
  }

  /** Keeps the agent's hands off a job that this process is about to start and to adopt. */
  reserve(job_id: string): void {
    this.#reserved.add(job_id)
  }

  /** Takes over a run that this process started, so that how its child ends is known. */
  adopt(run: StartedRun | { job_id: string; folder: string }, signal: AbortSignal): Promise<void> {
    this.#reserved.delete(run.job_id)
    const known = this.#supervised.get(run.job_id)
    if (known) return known
    const supervised = supervise(this.#db, run, signal, this.#onTrouble)
      .catch(this.#onTrouble)
      .finally(() => this.#supervised.delete(run.job_id))
    this.#supervised.set(run.job_id, supervised)
    return supervised
  }

  async #keepDoing(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    while (!signal.aborted) {
      await work().catch(this.#onTrouble)
      await pause(ROUND, signal)
    }
  }

  async #round(signal: AbortSignal): Promise<void> {
    const { host_id, host } = this.#starter
    await seeHost(this.#db, { host_id, hostname: host })
    for (const job of await hostedJobs(this.#db, host_id)) {
      if (job.source === JOURNAL && mayTrain(job) && !this.#reserved.has(job.job_id)) {
        void this.adopt({ job_id: job.job_id, folder: job.root }, signal)
      }
    }
  }

  async #ship(signal: AbortSignal): Promise<void> {
    const { host_id, home } = this.#starter
    while (!signal.aborted && (await shipNext(this.#db, host_id, home, signal)));
  }

  async #sweep(signal: AbortSignal): Promise<void> {
    if (Date.now() - this.#sweptAt < SWEEP_EVERY) return
    for (const job of await hostedJobs(this.#db, this.#starter.host_id)) {
      if (signal.aborted) return
      await sweepJob(this.#db, job)
    }
    this.#sweptAt = Date.now()
  }
}

/** Whether a run goes on as far as is known; a lost one does where its process is there after all. */
function mayTrain({ status, root }: HostedJob): boolean {
  if (status !== 'lost') return LIVE.includes(status)
  const process = readRunProcess(root)
  return process !== undefined && isAlive(process)
}
