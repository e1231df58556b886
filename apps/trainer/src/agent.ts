import type { JobState } from '@bestmark/core'
import { hostedJobs, seeHost, type Database, type HostedJob } from '@bestmark/db'
import { JOURNAL } from './journal.ts'
import { isAlive, readRunProcess } from './process.ts'
import { pause } from './recorder.ts'
import type { Starter } from './runs.ts'
import { shipNext } from './shipping.ts'
import { supervise, type SupervisedRun } from './supervise.ts'
import { sweepJob } from './sweep.ts'

/** How often the agent looks for work (ms). */
const ROUND = 300
/** How often it says that it is there (ms). */
const HEARTBEAT = 10_000
/** How long it rests once it has looked at the files of every job (ms). */
const REST = 3_000
const UNFINISHED: readonly JobState[] = ['starting', 'running', 'stopping', 'lost']

/**
 * The process that lives where the files are: it records runs, adopts those of an agent that died,
 * looks after files and ships checkpoints.
 */
export class Agent {
  readonly #db: Database
  readonly #starter: Starter
  readonly #onTrouble: (error: unknown) => void
  readonly #over = new AbortController()
  readonly #reserved = new Set<string>()
  readonly #supervised = new Map<string, Promise<void>>()
  #unswept: HostedJob[] = []

  constructor(db: Database, starter: Starter, onTrouble: (error: unknown) => void) {
    this.#db = db
    this.#starter = starter
    this.#onTrouble = onTrouble
  }

  /** Looks for work until the agent is stopped, then waits until every journal is recorded. */
  async work(): Promise<void> {
    await Promise.all([
      this.#keepDoing(HEARTBEAT, () => this.#beSeen()),
      this.#keepDoing(ROUND, () => this.#adoptRuns()),
      this.#keepDoing(ROUND, () => this.#ship()),
      this.#keepDoing(ROUND, () => this.#sweep()),
    ])
    await Promise.all(this.#supervised.values())
  }

  /** Ends the work; runs that still train are left to the next agent. */
  stop(): void {
    this.#over.abort()
  }

  /** Keeps the agent's hands off a job that this process is about to start and to adopt. */
  reserve(job_id: string): void {
    this.#reserved.add(job_id)
  }

  /**
   * Takes over a run until it has ended, or the agent is stopped; of one that this process started
   * (`exited`) it then knows how.
   */
  adopt(run: SupervisedRun): Promise<void> {
    this.#reserved.delete(run.job_id)
    const known = this.#supervised.get(run.job_id)
    if (known) return known
    const supervised = supervise(this.#db, run, this.#over.signal, this.#onTrouble)
      .catch(this.#onTrouble)
      .finally(() => this.#supervised.delete(run.job_id))
    this.#supervised.set(run.job_id, supervised)
    return supervised
  }

  async #keepDoing(every: number, work: () => Promise<void>): Promise<void> {
    while (!this.#over.signal.aborted) {
      await work().catch(this.#onTrouble)
      await pause(every, this.#over.signal)
    }
  }

  async #beSeen(): Promise<void> {
    const { host_id, host } = this.#starter
    await seeHost(this.#db, { host_id, hostname: host })
  }

  async #adoptRuns(): Promise<void> {
    const { host_id } = this.#starter
    for (const { job_id, root, ...job } of await hostedJobs(this.#db, host_id, UNFINISHED)) {
      if (job.source !== JOURNAL || this.#reserved.has(job_id)) continue
      if (job.status !== 'lost' || isTraining(root)) void this.adopt({ job_id, folder: root })
    }
  }

  async #ship(): Promise<void> {
    const { host_id, home } = this.#starter
    const { signal } = this.#over
    while (!signal.aborted && (await shipNext(this.#db, host_id, home, signal)));
  }

  /** One job a round, so that a board of thousands is looked at without haste. */
  async #sweep(): Promise<void> {
    const next = this.#unswept.pop()
    if (next) return void (await sweepJob(this.#db, next))
    await pause(REST, this.#over.signal)
    this.#unswept = await hostedJobs(this.#db, this.#starter.host_id)
  }
}

/** Whether the process that trains in a folder is there after all. */
function isTraining(folder: string): boolean {
  const process = readRunProcess(folder)
  return process !== undefined && isAlive(process)
}
