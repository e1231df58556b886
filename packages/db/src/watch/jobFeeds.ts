import { announceFollowed } from './audience.ts'
import { type Announcement, AnnouncementListener } from './announcements.ts'
import type { Database } from '../connection/client.ts'
import { trainingJobs } from '../schema.ts'
import { isOneOf } from './changes.ts'
import { type Follower, JobFeed } from './jobFeed.ts'

/**
 * Changes of one job within this time (ms) are sent together. It is shorter than the pace of a fast
 * trainer (50 ms), because with the same pace one late read would delay all later ones.
 */
const PACE = 33
/** How often the rows are checked for missed announcements, and writers hear of readers (ms). */
const POLL = 2_000

const opened = new WeakMap<Database['sql'], JobFeeds>()

/** The feeds of a database, the same for all readers in this process. */
export function jobFeeds(db: Database): JobFeeds {
  const feeds = opened.get(db.sql) ?? new JobFeeds(db)
  opened.set(db.sql, feeds)
  return feeds
}

/**
 * The jobs that readers in this process follow. A feed opens with its first reader and closes with
 * its last one. Without readers there is no timer and no query.
 */
export class JobFeeds {
  readonly #db: Database
  readonly #feeds = new Map<string, JobFeed>()
  readonly #listening: AnnouncementListener
  /** Jobs whose rows are read next, and when (ms of `performance.now`). */
  readonly #due = new Map<string, number>()
  #isReading = false
  #timer: ReturnType<typeof setTimeout> | undefined
  #pollTimer: ReturnType<typeof setTimeout> | undefined

  constructor(db: Database) {
    this.#db = db
    this.#listening = new AnnouncementListener(db, (announcement) => this.#hear(announcement))
  }

  /**
   * Wakes a follower for every change of the jobs until `leave` is called. Changes after `ready`
   * are announced; earlier changes are read by then.
   */
  follow(
    job_ids: readonly string[],
    follower: Follower,
  ): { ready: Promise<void>; leave: () => void } {
    for (const job_id of job_ids) this.#feedOf(job_id).followers.add(follower)
    const leave = (): void => this.#leave(job_ids, follower)
    return { ready: this.#begin(job_ids), leave }
  }

  get(job_id: string): JobFeed | undefined {
    return this.#feeds.get(job_id)
  }

  /** Reads a job's row again, together with other due rows, and wakes the follower in any case. */
  lookAgain(job_id: string, follower: Follower): void {
    const feed = this.#feeds.get(job_id)
    if (!feed) return
    feed.asking.add(follower)
    this.#becomesDue(job_id, feed)
    this.#readDue()
  }

  #feedOf(job_id: string): JobFeed {
    const feed = this.#feeds.get(job_id) ?? new JobFeed(this.#db)
    this.#feeds.set(job_id, feed)
    return feed
  }

  async #begin(job_ids: readonly string[]): Promise<void> {
    await this.#listening.begin()
    await announceFollowed(this.#db, [...job_ids])
    for (const job_id of job_ids) {
      if (this.#feeds.get(job_id)?.revision === 0) this.#due.set(job_id, 0)
    }
    if (this.#feeds.size > 0) this.#pollTimer ??= setTimeout(() => void this.#poll(), POLL)
    this.#readDue()
  }

  #leave(job_ids: readonly string[], follower: Follower): void {
    for (const job_id of job_ids) {
      const feed = this.#feeds.get(job_id)
      feed?.asking.delete(follower)
      if (!feed?.followers.delete(follower) || feed.followers.size > 0) continue
      this.#feeds.delete(job_id)
      this.#due.delete(job_id)
    }
    if (this.#feeds.size === 0) this.#close()
  }

  #close(): void {
    this.#feeds.clear()
    this.#due.clear()
    this.#listening.end()
    clearTimeout(this.#timer)
    clearTimeout(this.#pollTimer)
    this.#pollTimer = undefined
  }

  #hear(announcement: Announcement): void {
    if (announcement) this.#isNews(announcement.job_id, announcement.revision)
    else void this.#poll()
    this.#readDue()
  }

  #isNews(job_id: string, revision: number): void {
    const feed = this.#feeds.get(job_id)
    if (feed && feed.revision < revision) this.#becomesDue(job_id, feed)
  }

  #becomesDue(job_id: string, { readAt }: JobFeed): void {
    if (!this.#due.has(job_id)) this.#due.set(job_id, readAt + PACE)
  }

  /** Compares the revisions of all followed jobs. */
  async #poll(): Promise<void> {
    clearTimeout(this.#pollTimer)
    if (this.#feeds.size === 0) return
    const { job_id, revision } = trainingJobs
    try {
      await announceFollowed(this.#db, [...this.#feeds.keys()])
      const rows = await this.#db.orm
        .select({ job_id, revision })
        .from(trainingJobs)
        .where(isOneOf([...this.#feeds.keys()]))
      for (const row of rows) this.#isNews(row.job_id, row.revision)
    } catch (error) {
      return this.#fail(error)
    }
    clearTimeout(this.#pollTimer)
    this.#pollTimer = this.#feeds.size > 0 ? setTimeout(() => void this.#poll(), POLL) : undefined
    this.#readDue()
  }

  /** Reads all due rows in one query, and never runs two queries at a time. */
  #readDue(): void {
    if (!this.#isReading) void this.#read()
  }

  async #read(): Promise<void> {
    this.#isReading = true
    try {
      for (let job_ids = this.#takeDue(); job_ids.length > 0; job_ids = this.#takeDue()) {
        const rows = await this.#db.orm.select().from(trainingJobs).where(isOneOf(job_ids))
        for (const row of rows) this.#feeds.get(row.job_id)?.show(row)
      }
    } catch (error) {
      this.#fail(error)
    } finally {
      this.#isReading = false
    }
    clearTimeout(this.#timer)
    const next = Math.min(...this.#due.values())
    if (next === Infinity) return
    this.#timer = setTimeout(() => this.#readDue(), Math.max(0, next - performance.now()) + 1)
  }

  #takeDue(): string[] {
    const now = performance.now()
    const due = [...this.#due].filter(([, at]) => at <= now).map(([job_id]) => job_id)
    for (const job_id of due) {
      this.#due.delete(job_id)
      const feed = this.#feeds.get(job_id)
      if (feed) feed.readAt = now
    }
    return due
  }

  /** Ends all feeds. Their readers start new ones with their next request. */
  #fail(error: unknown): void {
    const followers = new Set([...this.#feeds.values()].flatMap((feed) => [...feed.followers]))
    this.#close()
    for (const follower of followers) follower.fail(error)
  }
}
