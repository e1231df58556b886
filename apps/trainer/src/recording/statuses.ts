import { hasEnded, type TrainingJobStatus } from '@bestmark/core'
import { type HostedStatus, jobStatuses, type Database, listenToHost } from '@bestmark/db'

/** While news of a job are heard, its status is read again only after this time (ms), as a backstop. */
const BACKSTOP = 60_000
/** How long a status counts without hearing news (ms). */
const FRESH = 500
/** A job is dropped after this time without a caller (ms). */
const FORGOTTEN = 60_000

type Jobs = ReadonlyMap<string, HostedStatus>

interface Known {
  job: HostedStatus | undefined
  /** When it was asked for (ms of `performance.now`). */
  at: number
}

/**
 * The statuses of all followed jobs, in memory. News of their hosts tell which ones must be read again.
 * What is needed at one time is read in one query.
 */
export class Statuses {
  readonly #db: Database
  readonly #calledAt = new Map<string, number>()
  readonly #known = new Map<string, Known>()
  /** When a job changed, if that was heard (ms of `performance.now`). */
  readonly #changedAt = new Map<string, number>()
  readonly #wroteAt = new Map<string, number>()
  /** The jobs whose status somebody waits for. */
  readonly #wanted = new Set<string>()
  readonly #waiting = new Map<string, Set<() => void>>()
  /** The hosts whose news are heard, or will be. */
  readonly #hosts = new Map<string, { isHeard: boolean }>()
  #next: Promise<Jobs> | undefined
  #reading: Promise<unknown> = Promise.resolve()
  #answeredAt = -Infinity

  constructor(db: Database) {
    this.#db = db
  }

  /** When the database answered the last time (ms of `performance.now`). */
  get answeredAt(): number {
    return this.#answeredAt
  }

  /**
   * A job's status; undefined if the job is gone. How far the job is may be a minute old. An end
   * counts only if it was read after `since` (performance.now()).
   */
  async of(job_id: string, since: number): Promise<HostedStatus | undefined> {
    const now = performance.now()
    this.#calledAt.set(job_id, now)
    const known = this.#known.get(job_id)
    if (known && this.#counts(known, now, since)) return known.job
    this.#wanted.add(job_id)
    return (await this.#ask()).get(job_id)
  }

  /** As `of`, with how far the job is after all that this process recorded. */
  async fresh(job_id: string, since: number): Promise<TrainingJobStatus | undefined> {
    return this.#fresh(job_id, since)
  }

  /** A text that changes with each write to the job; empty if the job is gone. */
  async lastWrite(job_id: string): Promise<string> {
    const job = await this.#fresh(job_id, -Infinity)
    return job ? `${job.revision} ${job.changed_at}` : ''
  }

  async #fresh(job_id: string, since: number): Promise<HostedStatus | undefined> {
    const known = this.#known.get(job_id)
    if (known && known.at <= (this.#wroteAt.get(job_id) ?? -Infinity)) this.#known.delete(job_id)
    return this.of(job_id, since)
  }

  /** This process recorded something of a job. */
  wrote(job_id: string): void {
    if (this.#calledAt.has(job_id)) this.#wroteAt.set(job_id, performance.now())
  }

  /** Calls `changed` as soon as a job's status may have changed, until it is disposed. */
  onNews(job_id: string, changed: () => void): Disposable {
    const waiting = this.#waiting.get(job_id) ?? new Set()
    this.#waiting.set(job_id, waiting.add(changed))
    const leave = (): void => {
      waiting.delete(changed)
      if (waiting.size === 0 && this.#waiting.get(job_id) === waiting) this.#waiting.delete(job_id)
    }
    return { [Symbol.dispose]: leave }
  }

  /** Whether a status may be used without asking again. */
  #counts({ job, at }: Known, now: number, since: number): boolean {
    const isOver = job !== undefined && (hasEnded(job.status) || job.status === 'lost')
    if (isOver && at <= since) return false
    const isHeard = job !== undefined && this.#hosts.get(job.host_id)?.isHeard
    return isHeard ? now - at < BACKSTOP : now - at < FRESH && at > since
  }

  /** Reads what is needed. All who ask before the query begins share it. */
  #ask(): Promise<Jobs> {
    this.#next ??= this.#afterReading()
    return this.#next
  }

  async #afterReading(): Promise<Jobs> {
    await this.#reading.catch(() => undefined)
    this.#next = undefined
    const jobs = this.#read()
    this.#reading = jobs
    return await jobs
  }

  async #read(): Promise<Jobs> {
    const at = performance.now()
    for (const [job_id, called] of this.#calledAt) {
      if (at - called > FORGOTTEN && !this.#wanted.has(job_id)) this.#forget(job_id)
    }
    const job_ids = [...this.#calledAt.keys()].filter((job_id) => this.#isWanted(job_id, at))
    this.#wanted.clear()
    const jobs = await jobStatuses(this.#db, job_ids)
    this.#answeredAt = performance.now()
    for (const job_id of job_ids) {
      const job = jobs.get(job_id)
      // A change that was heard meanwhile may not be in the answer, which then counts only once.
      const isChanged = (this.#changedAt.get(job_id) ?? -Infinity) >= at
      this.#known.set(job_id, { job, at: isChanged ? -Infinity : at })
      if (job) this.#hear(job.host_id)
    }
    return jobs
  }

  /** Whether a job is read now: it is asked for, or its status is so old that it soon will be. */
  #isWanted(job_id: string, now: number): boolean {
    const known = this.#known.get(job_id)
    if (!known || this.#wanted.has(job_id)) return true
    return !this.#counts(known, now, -Infinity) || now - known.at > BACKSTOP / 2
  }

  #hear(host_id: string): void {
    if (this.#hosts.has(host_id)) return
    const host = { isHeard: false }
    this.#hosts.set(host_id, host)
    listenToHost(this.#db, host_id, (news) => {
      // Whatever was read before may be outdated.
      host.isHeard = true
      if (!news) for (const job_id of [...this.#known.keys()]) this.#change(job_id)
      else if (news.kind === 'job') this.#change(news.job_id)
    }).catch(() => {
      // The next reading tries again; whoever asks meets an error of the database itself.
      this.#hosts.delete(host_id)
    })
  }

  #change(job_id: string): void {
    this.#changedAt.set(job_id, performance.now())
    this.#known.delete(job_id)
    for (const changed of this.#waiting.get(job_id) ?? []) changed()
  }

  #forget(job_id: string): void {
    this.#calledAt.delete(job_id)
    this.#known.delete(job_id)
    this.#changedAt.delete(job_id)
    this.#wroteAt.delete(job_id)
  }
}

const shared = new WeakMap<Database, Statuses>()

/** The one instance per database. */
export function statusesOf(db: Database): Statuses {
  const statuses = shared.get(db) ?? new Statuses(db)
  shared.set(db, statuses)
  return statuses
}
