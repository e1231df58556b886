import { AnnouncementListener } from './announcements.ts'
import type { Database } from '../connection/client.ts'
import { jobRow } from '../jobs/jobs.ts'
import { type JobRow, trainingJobs } from '../schema.ts'
import { type Changes, changesSince, isOneOf } from './changes.ts'
import { SharedSteps } from './sharedSteps.ts'
import { MeasuredNames, positionAt, type Step, stepFrom } from './step.ts'

/** A reader of every job: it gets each write, and the error that ended the feed. */
export interface BoardFollower {
  hand(changes: Changes): void
  fail(error: unknown): void
}

/**
 * Changes of the board within this time (ms) are sent together, because a list needs no finer
 * updates.
 */
const PACE = 500
/** How often the rows are checked for missed announcements (ms). */
const POLL = 2_000

const opened = new WeakMap<Database['sql'], BoardFeed>()

/** The feed of a database, the same for all readers in this process. */
export function boardFeed(db: Database): BoardFeed {
  const feed = opened.get(db.sql) ?? new BoardFeed(db)
  opened.set(db.sql, feed)
  return feed
}

/** Feeds every job of the board to all readers in this process that follow every job. */
export class BoardFeed {
  readonly #db: Database
  readonly #listening: AnnouncementListener
  readonly #followers = new Set<BoardFollower>()
  readonly #steps = new SharedSteps()
  /** The jobs that the last poll found. */
  #rows = new Map<string, JobRow>()
  /** Revisions that were sent and may be found again. */
  #handed = new Map<string, number>()
  /** The next poll starts from here; undefined until the first reader's poll. */
  #settled: number | undefined
  #lookedAt = -Infinity
  #isLooking = false
  /** When the timer fires (ms of `performance.now`). */
  #due = Infinity
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(db: Database) {
    this.#db = db
    this.#listening = new AnnouncementListener(db, () => this.#lookBy(this.#lookedAt + PACE))
  }

  /**
   * Sends each new write to a follower until `leave` is called. `ready` gives what was written
   * since a board revision; with null it gives nothing.
   */
  follow(
    since: number | null,
    follower: BoardFollower,
  ): { ready: Promise<Changes>; leave: () => void } {
    this.#followers.add(follower)
    const leave = (): void => {
      this.#followers.delete(follower)
      if (this.#followers.size === 0) this.#close()
    }
    return { ready: this.#begin(since), leave }
  }

  /**
   * The changes that a reader of one job does not have; undefined if it has them all. The row of
   * the last poll is read again if the reader has a newer revision.
   */
  async stepFrom(job_id: string, revision: number, handed: number): Promise<Step | undefined> {
    const seen = this.#rows.get(job_id)
    const row = seen && seen.revision >= handed ? seen : await jobRow(this.#db, job_id)
    if (!row || row.revision <= revision) return undefined
    return this.#steps.get(`${job_id} ${revision} ${row.revision}`, () => {
      return stepFrom(this.#db, row, positionAt(revision), new MeasuredNames())
    })
  }

  async #begin(since: number | null): Promise<Changes> {
    await this.#listening.begin()
    const changes = await changesSince(this.#db, since)
    this.#settled ??= changes.settled
    this.#lookBy(performance.now() + POLL)
    return changes
  }

  #lookBy(at: number): void {
    if (at >= this.#due || this.#followers.size === 0) return
    this.#due = at
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#look(), Math.max(0, at - performance.now()))
  }

  async #look(): Promise<void> {
    this.#due = Infinity
    // Writes that are announced meanwhile set the timer, which polls again.
    if (this.#isLooking) return this.#lookBy(performance.now() + PACE)
    this.#isLooking = true
    this.#lookedAt = performance.now()
    try {
      await this.#handOut()
      this.#lookBy(this.#lookedAt + POLL)
    } catch (error) {
      const followers = [...this.#followers]
      this.#close()
      for (const follower of followers) follower.fail(error)
    } finally {
      this.#isLooking = false
    }
  }

  async #handOut(): Promise<void> {
    if (this.#settled === undefined) return
    const { changes, settled } = await changesSince(this.#db, this.#settled)
    const news = changes.filter(({ job_id, revision }) => {
      return revision > (this.#handed.get(job_id) ?? 0)
    })
    const rows = await rowsOf(
      this.#db,
      news.map(({ job_id }) => job_id),
    )
    if (this.#followers.size === 0) return
    this.#settled = settled
    this.#handed = new Map(changes.map(({ job_id, revision }) => [job_id, revision]))
    this.#rows = new Map(rows.map((row) => [row.job_id, row]))
    this.#steps.clear()
    for (const follower of this.#followers) follower.hand({ changes: news, settled })
  }

  #close(): void {
    this.#followers.clear()
    this.#listening.end()
    this.#steps.clear()
    this.#rows.clear()
    this.#handed.clear()
    this.#settled = undefined
    clearTimeout(this.#timer)
    this.#due = Infinity
  }
}

async function rowsOf({ orm }: Database, job_ids: readonly string[]): Promise<JobRow[]> {
  if (job_ids.length === 0) return []
  return orm.select().from(trainingJobs).where(isOneOf(job_ids))
}
