import { hasEnded, type JobState, JOURNAL } from '@bestmark/core'
import {
  EXPORTED,
  purgeDeletedJobs,
  recordHostAlive,
  removeOldPoints,
  vacuumBoard,
} from '@bestmark/db'
import type { Database, HostedJob } from '@bestmark/db'
import { FullDisks } from './fullDisks.ts'
import { RunOrders } from './runOrders.ts'
import { HostJobs } from './hostJobs.ts'
import { AGENT_OPTIONS, type AgentOptions, type Pace, ACTIVE_STATES } from './options.ts'
import { join } from 'node:path'
import { Digests } from './digests.ts'
import { journalSize } from '../journal/read.ts'
import { followFiles } from '../recording/follower.ts'
import { register } from '../recording/importRun.ts'
import { isTraining, SilentRuns } from '../recording/silentRuns.ts'
import { hasRunProcess, isTrainedElsewhere } from '../processes/mark.ts'
import { pause } from '../pause.ts'
import type { RecordedRun } from '../recording/recordedRun.ts'
import { endReplacedJob } from '../recording/replacedRuns.ts'
import { OtherRunError } from '../recording/journalCursor.ts'
import type { Starter } from '../board/board.ts'
import { answerNext } from '../playground/answers.ts'
import { checkNext } from '../shipping/modelCheck.ts'
import { shipNext } from '../shipping/shipping.ts'
import { Publication } from '../targets/publication.ts'
import { readLastChange, identifyRun, mayGrow } from '../sources/identity.ts'
import { isReadAlone } from '../sources/journal/runJournal.ts'
import { drivenJob } from '../sources/runNote.ts'
import { supervise, type SupervisedRun } from './supervise.ts'
import { Sweeper } from './sweeper.ts'
import { Wakes } from './wakes.ts'
import type { ErrorListener } from '../cli/errorReporter.ts'

/** How often the file of the targets is read (ms). */
const TARGETS = 10_000
/** Of so many looks at everything, one is for digests, and for what may be removed. */
const RARE = 20
/** Some work only begins by a bell (ms). */
const NEVER = 2 ** 31 - 1
const ACTIVE: ReadonlySet<JobState> = new Set(ACTIVE_STATES)
const UNFINISHED: ReadonlySet<JobState> = new Set([...ACTIVE_STATES, 'lost'])

/** A run that this agent records now. */
interface Supervised {
  folder: string
  over: AbortController
  done: Promise<void>
}

/**
 * The process on the machine that has the files. It records runs, adopts the runs of an agent that
 * died, checks files and ships checkpoints. The database wakes it by notifications; it looks by itself
 * only rarely, in case that one was missed.
 */
export class Agent {
  readonly #db: Database
  readonly #starter: Starter
  readonly #troubles: ErrorListener
  readonly #over = new AbortController()
  readonly #reserved = new Set<string>()
  readonly #journalSizes = new Map<string, number>()
  readonly #supervised = new Map<string, Supervised>()
  /** When the files of ended runs last changed, by job. */
  readonly #changed = new Map<string, number>()
  readonly #pace: Pace
  readonly #silence: SilentRuns
  readonly #digesting: Digests
  readonly #disks: FullDisks
  readonly #targets: Publication
  readonly #orders: RunOrders
  readonly #jobs: HostJobs
  readonly #sweeper: Sweeper
  #looks = 0
  readonly #wakes: Wakes

  constructor(
    db: Database,
    starter: Starter,
    troubles: ErrorListener,
    options: AgentOptions = AGENT_OPTIONS,
  ) {
    this.#db = db
    this.#starter = starter
    this.#troubles = troubles
    this.#pace = options.pace
    this.#silence = new SilentRuns(db, options.patience)
    this.#wakes = new Wakes(options.pace, troubles, this.#over.signal)
    this.#jobs = new HostJobs(db, starter.host_id)
    this.#sweeper = new Sweeper(db, this.#jobs, options.pace.rest)
    this.#disks = new FullDisks(db, starter.host_id, async () => this.#jobsIn(ACTIVE))
    this.#targets = new Publication(db, starter)
    const onEnd = (): void => this.#wakes.bells.run.ring()
    const { signal } = this.#over
    this.#orders = new RunOrders(db, starter, { onEnd, report: troubles.report, signal })
    this.#digesting = new Digests(db, starter.host_id, options.digestRate)
  }

  /** Works until the agent is stopped, then waits until every journal is recorded. */
  async work(): Promise<void> {
    const { backstop, round, silence } = this.#pace
    const { job, order, prompt, files, run } = this.#wakes.bells
    const { host_id } = this.#starter
    const keepDoing = this.#wakes.keepDoing.bind(this.#wakes)
    await Promise.all([
      this.#wakes.listen(this.#db, host_id, (news) => this.#jobs.hear(news)),
      keepDoing(() => this.#lookAtAll(), { every: backstop }),
      keepDoing(() => this.#targets.refresh(), { every: TARGETS }),
      keepDoing(() => this.#orders.refresh(), { every: TARGETS }),
      keepDoing(() => this.#adoptRuns(), { every: this.#pace.rest, bell: job }),
      keepDoing(() => this.#ship(), { every: NEVER, bell: order }),
      keepDoing(() => this.#answerPrompts(), { every: backstop, bell: prompt }),
      keepDoing(() => this.#orders.startWaiting(), { every: NEVER, bell: run }),
      keepDoing(() => this.#sweep(), { every: round }),
      keepDoing(() => this.#digest(), { every: NEVER, bell: files }),
      keepDoing(() => this.#loseSilent(), { every: silence }),
      keepDoing(() => this.#disks.look(), { every: silence }),
    ])
    await Promise.all([this.#orders, ...this.#supervised.values()].map(({ done }) => done))
  }

  /** Ends the work. The next agent takes over the runs that still train. */
  stop(): void {
    this.#over.abort()
  }

  /** Makes the agent ignore a job that this process will start and adopt itself. */
  reserve(job_id: string): void {
    this.#reserved.add(job_id)
  }

  /**
   * Takes over a run until it ends or the agent is stopped. If this process started the run
   * (`exited`), it also records how the run ended.
   */
  adopt(run: SupervisedRun): Promise<void> {
    this.#reserved.delete(run.job_id)
    return this.#keep(run, (until) => supervise(this.#db, run, until, this.#troubles.report))
  }

  /** Records a run unless it is recorded already. If another run begins in its folder, records that. */
  #keep(run: RecordedRun, record: (until: AbortSignal) => Promise<void>): Promise<void> {
    const supervised = this.#supervised.get(run.job_id)
    if (supervised) return supervised.done
    const over = new AbortController()
    const done = record(AbortSignal.any([this.#over.signal, over.signal]))
      .catch(async (error: unknown) => {
        if (!(error instanceof OtherRunError)) throw error
        await this.#takeAnother(run)
      })
      .catch(this.#troubles.report)
      .finally(() => {
        this.#supervised.delete(run.job_id)
        // If the job moved to another folder, it is recorded there.
        this.#wakes.bells.job.ring()
      })
    this.#supervised.set(run.job_id, { folder: run.folder, over, done })
    return done
  }

  /** Ends a job whose folder now holds another run, and begins to record that run. */
  async #takeAnother({ job_id, folder }: RecordedRun): Promise<void> {
    await endReplacedJob(this.#db, job_id)
    // The `bestmark run` that started a program there puts its job on the board itself.
    if ((await drivenJob(folder)) !== undefined) return
    const identity = await identifyRun(folder)
    if (!identity) return
    const job = await register({ db: this.#db, ...this.#starter }, identity, {})
    if (job.job_id !== job_id) this.#record(job)
  }

  /** Begins to record a run that has only its files. */
  #record({ job_id, root, source }: Pick<HostedJob, 'job_id' | 'root' | 'source'>): void {
    const run = { job_id, folder: root, host_id: this.#starter.host_id }
    if (!isReadAlone(root, source)) return this.#follow(run)
    void this.adopt({ ...run, isForeign: true, starting: this.#pace.starting })
  }

  /** Reports that the agent is alive, and looks for all that it may not have heard of. */
  async #lookAtAll(): Promise<void> {
    const { host_id, host } = this.#starter
    const { has_order, has_run } = await recordHostAlive(this.#db, { host_id, hostname: host })
    if (has_order) this.#wakes.bells.order.ring()
    if (has_run) this.#wakes.bells.run.ring()
    await this.#jobs.refresh(true)
    this.#wakes.bells.job.ring()
    if (this.#looks++ % RARE !== 0) return
    this.#wakes.bells.files.ring()
    await this.#silence.endSilentSent()
    await this.#removeOld()
  }

  async #adoptRuns(): Promise<void> {
    if (await this.#jobs.refresh()) this.#troubles.databaseAnswered()
    const { host_id } = this.#starter
    for (const job of this.#jobsIn(UNFINISHED)) {
      const { job_id, root } = job
      if (this.#reserved.has(job_id) || this.#isKept(job_id, root)) continue
      if (job.status === 'lost' && (await this.#sweeper.holdsOtherRun(job))) continue
      if (!isReadAlone(root, job.source)) {
        this.#follow({ job_id, folder: root, host_id })
        continue
      }
      const isForeign = (job.recipe === null && !hasRunProcess(root)) || isTrainedElsewhere(root)
      const isBack = isForeign ? this.#hasGrown(job_id, root) : isTraining(root)
      if (job.status !== 'lost' || isBack) {
        const { starting } = this.#pace
        void this.adopt({ job_id, folder: root, isForeign, starting })
      }
    }
  }

  /** Records a run from its program's own files; a lost run may come back. */
  #follow(run: RecordedRun): void {
    void this.#keep(run, (until) => followFiles(this.#db, run, until, this.#troubles.report))
  }

  /** Whether a run is recorded already. If its folder moved, the old recording ends. */
  #isKept(job_id: string, folder: string): boolean {
    const supervised = this.#supervised.get(job_id)
    if (supervised && supervised.folder !== folder) supervised.over.abort()
    return supervised !== undefined
  }

  /** Whether the journal of a lost run changed size. The first call returns true. */
  #hasGrown(job_id: string, folder: string): boolean {
    const [before, now] = [this.#journalSizes.get(job_id), journalSize(join(folder, JOURNAL))]
    this.#journalSizes.set(job_id, now)
    return before !== now
  }

  async #ship(): Promise<void> {
    const { host_id, home } = this.#starter
    const { signal } = this.#over
    while (!signal.aborted && (await shipNext(this.#db, host_id, home, signal)));
    while (!signal.aborted && (await checkNext(this.#db, this.#starter, signal)));
  }

  /** Apart from shipments, because those may take hours. */
  async #answerPrompts(): Promise<void> {
    if (!this.#targets.hasPlayground) return
    const { signal } = this.#over
    while (!signal.aborted && (await answerNext(this.#db, this.#starter.host_id, signal)));
  }

  /** Checks one job per round, so that thousands of jobs cause little load. */
  async #sweep(): Promise<void> {
    const job = this.#sweeper.next()
    if (!job) return pause(this.#pace.rest, this.#over.signal)
    await this.#sweeper.sweep(job)
    await this.#takeUpAgain(job)
  }

  async #removeOld(): Promise<void> {
    const freed = (await purgeDeletedJobs(this.#db)) + (await removeOldPoints(this.#db))
    if (freed > 0) await vacuumBoard(this.#db)
  }

  /** Records a run again if it had ended and its files grow. */
  async #takeUpAgain(job: HostedJob): Promise<void> {
    const { job_id, root, status, source } = job
    const isOver = hasEnded(status) && source !== EXPORTED
    if (!isOver || this.#isKept(job_id, root) || (await drivenJob(root)) === null) return
    if (await this.#sweeper.holdsOtherRun(job)) return
    const [before, now] = [this.#changed.get(job_id), await readLastChange(root)]
    this.#changed.set(job_id, now)
    const isGrowing = before === undefined ? await mayGrow(root) : before !== now
    if (isGrowing && now > 0) this.#record(job)
  }

  async #digest(): Promise<void> {
    const { signal } = this.#over
    while (await this.#digesting.next(signal).catch(quietWhen(signal)))
      await pause(this.#pace.round, signal)
  }

  /** Ends runs that are silent for too long and have no running process. */
  async #loseSilent(): Promise<void> {
    const jobs = this.#jobsIn(ACTIVE).filter(({ job_id }) => !this.#reserved.has(job_id))
    const runs = jobs.map((job) => {
      const { job_id, root: folder } = job
      return { job_id, folder, logged: { ...job, now: this.#jobs.now(job) } }
    })
    await this.#silence.endSilent(runs)
  }

  #jobsIn(states: ReadonlySet<JobState>): HostedJob[] {
    return this.#jobs.all().filter(({ status }) => states.has(status))
  }
}

/** Throws an error again unless the agent was stopped. */
function quietWhen(signal: AbortSignal) {
  return (error: unknown): undefined => {
    if (!signal.aborted) throw error
  }
}
