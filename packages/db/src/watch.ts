import { type TrainingJobStatus, ownValue, setOwn } from '@bestmark/core'
import { asc, gte, inArray, max } from 'drizzle-orm'
import { hear } from './announcements.ts'
import type { Database } from './client.ts'
import { type News, seriesSince, type SeriesDelta } from './deltas.ts'
import { type Deployment, deploymentsSince } from './deployments.ts'
import { statusOf } from './job.ts'
import { jobRow } from './jobs.ts'
import { type JobRow, trainingJobs } from './schema.ts'
import { storableName } from './storable.ts'

/** What changed of a job since the reader's revision. */
export interface Delta {
  job_id: string
  /** What the reader knows now, to go on from. */
  revision: number
  /** The database's clock (ms) up to which all is told, to go on from when every job is watched. */
  changed_at: number
  status: TrainingJobStatus
  /** New points of the series that are watched. */
  series: SeriesDelta[]
  /** Checkpoints, evaluations or what decides changed: list the checkpoints again. */
  checkpoints: boolean
  /** Deployments that changed. */
  deployments: Deployment[]
  /** Log lines were added. */
  logs: boolean
}

export interface WatchQuery {
  /**
   * Jobs with the revision known of each (0 brings the present state first), or every job from a
   * `changed_at` on (null: from now, with what changed in the last half minute).
   */
  jobs: readonly { job_id: string; revision: number }[] | { changed_since: number | null }
  /** Series of one of the jobs, with the `next_ordinal` known of each. */
  series?: WatchedSeries | undefined
}

export interface WatchedSeries {
  job_id: string
  names: readonly string[]
  ordinals: Readonly<Record<string, number>>
}

/** Changes of one job that come faster than this (ms) are told together. */
const PACE = 50
/** How often is looked for what no announcement told (ms). */
const POLL = 2_000
/** A transaction may commit this much later (ms) than the clock that it wrote. */
const COMMIT_LAG = 30_000

/**
 * Follows jobs until the signal aborts. It listens first, then reads what changed past the known
 * revisions, then goes on; an announcement is only a hint to look, and a slow poll looks anyway.
 * Every change is told, though several may be told as one.
 */
export async function* watch(
  db: Database,
  query: WatchQuery,
  signal: AbortSignal,
): AsyncGenerator<Delta, void> {
  const watched = new Watched(db, query)
  const end = await hear(db, (announcement) => watched.hear(announcement))
  signal.addEventListener('abort', watched.wake)
  try {
    while (!signal.aborted) {
      if (watched.isPollDue()) await watched.poll()
      const job_id = watched.nextDue()
      const delta = job_id === undefined ? undefined : await watched.read(job_id)
      if (signal.aborted) return
      if (delta) yield delta
      else if (job_id === undefined) await watched.sleep()
    }
  } finally {
    signal.removeEventListener('abort', watched.wake)
    end()
  }
}

const NO_NEWS = { series: [], more: false }

/** What one reader knows, and which jobs are to be looked at. */
class Watched {
  readonly #db: Database
  readonly #known = new Map<string, number>()
  /** In the order of the changes, each with a time (ms) that its change is not older than. */
  readonly #dirty = new Map<string, number>()
  readonly #toldAt = new Map<string, number>()
  readonly #series: WatchedSeries | undefined
  readonly #ordinals: Record<string, number>
  #measured: ReadonlySet<string> | undefined
  /** The `history_revision` from whose beginning on the reader has been told the series. */
  #history = 0
  /** Undefined unless every job is followed. */
  #changedSince: number | null | undefined
  #polledAt = -Infinity
  #awake = Promise.withResolvers<void>()

  constructor(db: Database, { jobs, series }: WatchQuery) {
    this.#db = db
    if ('changed_since' in jobs) this.#changedSince = jobs.changed_since
    else for (const { job_id, revision } of jobs) this.#known.set(job_id, revision)
    this.#series = series
    const entries = series?.names.map((name): [string, number] => {
      return [storableName(name), ownValue(series.ordinals, name) ?? 0]
    })
    this.#ordinals = Object.fromEntries(entries ?? [])
  }

  wake = (): void => this.#awake.resolve()

  hear(announcement: { job_id: string; revision: number } | undefined): void {
    if (!announcement) this.#polledAt = -Infinity
    else if (!this.#isNews(announcement)) return
    else
      this.#soil(
        announcement.job_id,
        this.#changedSince === undefined ? Infinity : (this.#changedSince ?? 0),
      )
    this.wake()
  }

  #soil(job_id: string, since: number): void {
    this.#dirty.set(job_id, Math.min(since, this.#dirty.get(job_id) ?? Infinity))
  }

  #isNews({ job_id, revision }: { job_id: string; revision: number }): boolean {
    const known = this.#known.get(job_id)
    return known === undefined ? this.#changedSince !== undefined : revision > known
  }

  isPollDue(): boolean {
    return performance.now() >= this.#polledAt + POLL
  }

  async poll(): Promise<void> {
    this.#polledAt = performance.now()
    const { job_id, revision, changed_at } = trainingJobs
    const rows = await this.#db.orm
      .select({ job_id, revision, changed_at })
      .from(trainingJobs)
      .where(
        this.#changedSince === undefined
          ? inArray(job_id, [...this.#known.keys()])
          : gte(changed_at, (this.#changedSince ?? (await this.#newest())) - COMMIT_LAG),
      )
      .orderBy(asc(changed_at))
    for (const row of rows) {
      if (this.#isNews(row)) this.#soil(row.job_id, row.changed_at)
      if (this.#changedSince !== undefined) {
        this.#changedSince = Math.max(this.#changedSince ?? 0, row.changed_at)
      }
    }
  }

  async #newest(): Promise<number> {
    const { changed_at } = trainingJobs
    const [row] = await this.#db.orm.select({ changed_at: max(changed_at) }).from(trainingJobs)
    return row?.changed_at ?? 0
  }

  /** A job that is to be looked at and was not told just now. */
  nextDue(): string | undefined {
    const before = performance.now() - PACE
    for (const job_id of this.#dirty.keys()) {
      if ((this.#toldAt.get(job_id) ?? -Infinity) <= before) return job_id
    }
    return undefined
  }

  /** What is new of a job; undefined where another look already told it. */
  async read(job_id: string): Promise<Delta | undefined> {
    this.#dirty.delete(job_id)
    const row = await jobRow(this.#db, job_id)
    const known = this.#known.get(job_id) ?? 0
    if (!row || row.revision <= known) return undefined
    const watchesSeries = this.#series?.job_id === job_id && row.series_revision > known
    const news = watchesSeries ? await this.#readSeries(row, known) : NO_NEWS
    const shipped = row.deployments_revision > known
    const deployments = shipped ? await deploymentsSince(this.#db, job_id, known) : []
    // What did not fit is still to come, so the reader does not know this revision yet.
    const revision = news.more ? known : row.revision
    if (news.more) this.#soil(job_id, row.changed_at)
    this.#known.set(job_id, revision)
    this.#toldAt.set(job_id, performance.now())
    return {
      job_id,
      revision,
      // Those who go on from here must still find the jobs that are untold.
      changed_at: Math.min(row.changed_at, ...this.#dirty.values()),
      status: statusOf(row),
      series: news.series,
      checkpoints: row.checkpoints_revision > known,
      deployments,
      logs: row.logs_revision > known,
    }
  }

  async #readSeries(row: JobRow, known: number): Promise<Pick<News, 'series' | 'more'>> {
    const evaluated = row.checkpoints_revision > known
    const measured = evaluated ? undefined : this.#measured
    // While a long series is told in pieces the reader's revision stays, but not what it dropped.
    const outdated = row.history_revision > Math.max(known, this.#history)
    const news = await seriesSince(this.#db, row.job_id, this.#ordinals, { measured, outdated })
    this.#history = row.history_revision
    this.#measured = news.measured
    for (const { name, next_ordinal } of news.series) setOwn(this.#ordinals, name, next_ordinal)
    return news
  }

  /** Rests until an announcement comes, a job is due again or the next poll. */
  async sleep(): Promise<void> {
    const times = [...this.#dirty.keys()].map((job_id) => (this.#toldAt.get(job_id) ?? 0) + PACE)
    const until = Math.min(this.#polledAt + POLL, ...times)
    const timer = setTimeout(this.wake, Math.max(0, until - performance.now()) + 1)
    await this.#awake.promise
    clearTimeout(timer)
    this.#awake = Promise.withResolvers()
  }
}
