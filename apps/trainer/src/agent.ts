import type { JobState } from '@bestmark/core'
import { hostedJobs, seeHost } from '@bestmark/db'
import type { Database, HostedJob } from '@bestmark/db'
import { FullDisks } from './agent/fullDisks.ts'
import { AGENT_SETTINGS, type AgentSettings, type Pace, SPEAKING } from './agentSettings.ts'
import { join } from 'node:path'
import { Digesting } from './digesting.ts'
import { JOURNAL, journalSize } from './journal.ts'
import { followFiles } from './following.ts'
import { isTraining, Listening } from './listening.ts'
import { hasRunProcess } from './process.ts'
import { pause, type Recorded } from './recorder.ts'
import type { Starter } from './runs.ts'
import { shipNext } from './shipping.ts'
import { journalSource } from './sources/runJournal.ts'
import { supervise, type SupervisedRun } from './supervise.ts'
import { sweepJob } from './sweep.ts'
import type { Troubled } from './troubles.ts'

/** How often it says that it is there (ms). */
const HEARTBEAT = 10_000
const UNFINISHED: readonly JobState[] = [...SPEAKING, 'lost']

/**
 * The process that lives where the files are: it records runs, adopts those of an agent that died,
 * looks after files and ships checkpoints.
 */
export class Agent {
  readonly #db: Database
  readonly #starter: Starter
  readonly #troubles: Troubled
  readonly #over = new AbortController()
  readonly #reserved = new Set<string>()
  readonly #journalSizes = new Map<string, number>()
  readonly #supervised = new Map<string, Promise<void>>()
  readonly #pace: Pace
  readonly #listening: Listening
  readonly #digesting: Digesting
  readonly #disks: FullDisks
  #unswept: HostedJob[] = []

  constructor(
    db: Database,
    starter: Starter,
    troubles: Troubled,
    settings: AgentSettings = AGENT_SETTINGS,
  ) {
    this.#db = db
    this.#starter = starter
    this.#troubles = troubles
    this.#pace = settings.pace
    this.#listening = new Listening(db, settings.patience)
    this.#disks = new FullDisks(db, starter.host_id)
    this.#digesting = new Digesting(db, starter.host_id, settings.digestRate)
  }

  /** Looks for work until the agent is stopped, then waits until every journal is recorded. */
  async work(): Promise<void> {
    await Promise.all([
      this.#keepDoing(HEARTBEAT, () => this.#beSeen()),
      this.#keepDoing(this.#pace.round, () => this.#adoptRuns()),
      this.#keepDoing(this.#pace.round, () => this.#ship()),
      this.#keepDoing(this.#pace.round, () => this.#sweep()),
      this.#keepDoing(this.#pace.round, () => this.#digest()),
      this.#keepDoing(this.#pace.listen, () => this.#loseSilent()),
      this.#keepDoing(this.#pace.listen, () => this.#disks.look()),
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
    const supervised = supervise(this.#db, run, this.#over.signal, this.#troubles.tell)
      .catch(this.#troubles.tell)
      .finally(() => this.#supervised.delete(run.job_id))
    this.#supervised.set(run.job_id, supervised)
    return supervised
  }

  async #keepDoing(every: number, work: () => Promise<void>): Promise<void> {
    while (!this.#over.signal.aborted) {
      await work().catch(this.#troubles.tell)
      await pause(every, this.#over.signal)
    }
  }

  async #beSeen(): Promise<void> {
    const { host_id, host } = this.#starter
    await seeHost(this.#db, { host_id, hostname: host })
  }

  async #adoptRuns(): Promise<void> {
    const { host_id } = this.#starter
    const jobs = await hostedJobs(this.#db, host_id, UNFINISHED)
    this.#troubles.answered()
    for (const { job_id, root, ...job } of jobs) {
      if (this.#reserved.has(job_id)) continue
      if (job.source !== JOURNAL || journalSource(root) !== JOURNAL) {
        this.#follow({ job_id, folder: root, host_id })
        continue
      }
      const isForeign = job.recipe === null && !hasRunProcess(root)
      const isBack = isForeign ? this.#hasGrown(job_id, root) : isTraining(root)
      if (job.status !== 'lost' || isBack) {
        const { starting } = this.#pace
        void this.adopt({ job_id, folder: root, isForeign, starting })
      }
    }
  }

  /** Records a run that another program writes down in its own way; a lost one may come back. */
  #follow(run: Recorded): void {
    if (this.#supervised.has(run.job_id)) return
    const followed = followFiles(this.#db, run, this.#over.signal, this.#troubles.tell)
      .catch(this.#troubles.tell)
      .finally(() => this.#supervised.delete(run.job_id))
    this.#supervised.set(run.job_id, followed)
  }

  /** Whether the journal of a lost run is another than it was; it may be when first looked at. */
  #hasGrown(job_id: string, folder: string): boolean {
    const [before, now] = [this.#journalSizes.get(job_id), journalSize(join(folder, JOURNAL))]
    this.#journalSizes.set(job_id, now)
    return before !== now
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
    await pause(this.#pace.rest, this.#over.signal)
    this.#unswept = await hostedJobs(this.#db, this.#starter.host_id)
  }

  async #digest(): Promise<void> {
    const { signal } = this.#over
    if (!(await this.#digesting.next(signal).catch(quietWhen(signal))))
      await pause(this.#pace.rest, signal)
  }

  /** Calls runs lost that are silent for too long, and whose process is not known to live. */
  async #loseSilent(): Promise<void> {
    const jobs = await hostedJobs(this.#db, this.#starter.host_id, SPEAKING)
    const runs = jobs.filter(({ job_id }) => !this.#reserved.has(job_id))
    await this.#listening.loseSilent(runs.map(({ job_id, root: folder }) => ({ job_id, folder })))
  }
}

/** Passes an error on, unless it is that of an end that was asked for. */
function quietWhen(signal: AbortSignal) {
  return (error: unknown): undefined => {
    if (!signal.aborted) throw error
  }
}
