import { type Database, type HostedJob, hostedJobs, type HostNews } from '@bestmark/db'

/** A job, and when it was read (ms of `performance.now`). */
interface Read {
  job: HostedJob
  at: number
}

/**
 * The jobs of a host, in memory. Only those that changed are read again, and all of them if some news
 * may have been missed.
 */
export class HostJobs {
  readonly #db: Database
  readonly #host_id: string
  #jobs = new Map<string, Read>()
  #changed = new Set<string>()
  #isMissing = true

  constructor(db: Database, host_id: string) {
    this.#db = db
    this.#host_id = host_id
  }

  /** Notes what must be read again. */
  hear(news: HostNews | undefined): void {
    if (news === undefined) this.#isMissing = true
    else if (news.kind === 'job' || news.kind === 'files') this.#changed.add(news.job_id)
  }

  /** Reads what changed; all jobs if asked. Returns whether the database was asked. */
  async refresh(isAll = this.#isMissing): Promise<boolean> {
    if (!isAll && this.#changed.size === 0) return false
    const job_ids = [...this.#changed]
    this.#changed.clear()
    this.#isMissing = false
    try {
      const rows = await hostedJobs(this.#db, this.#host_id, isAll ? {} : { job_ids })
      this.#take(isAll ? [...this.#jobs.keys()] : job_ids, rows)
      return true
    } catch (error) {
      this.#isMissing = true
      throw error
    }
  }

  /** All jobs, oldest first. */
  all(): HostedJob[] {
    return [...this.#jobs.values()].map(({ job }) => job)
  }

  /** The database's clock now (ms), as far as a job tells. */
  now({ job_id, now }: HostedJob): number {
    return now + performance.now() - (this.#jobs.get(job_id)?.at ?? performance.now())
  }

  /** Replaces the jobs with these ids by those that are still here. */
  #take(job_ids: readonly string[], rows: readonly HostedJob[]): void {
    const at = performance.now()
    const found = new Set(rows.map(({ job_id }) => job_id))
    for (const job_id of job_ids) if (!found.has(job_id)) this.#jobs.delete(job_id)
    for (const job of rows) this.#jobs.set(job.job_id, { job, at })
  }
}
