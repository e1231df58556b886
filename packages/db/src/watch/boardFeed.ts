import { AnnouncementListener } from './announcements.ts'
import type { Database } from '../connection/client.ts'
import { jobRow } from '../jobs/jobs.ts'
import { type JobRow, trainingJobs } from '../schema.ts'
import { type Changes, changesSince, isOneOf } from './changes.ts'
import { SharedSteps } from './sharedSteps.ts'
import { MeasuredNames, positionAt, type Step, stepFrom } from './step.ts'

/** Who follows every job: it is given what was written, and told what ended the feed. */
export interface BoardFollower {
  hand(changes: Changes): void
  fail(error: unknown): void
}

/** Changes of the board that come faster than this (ms) are told together: a list is no chart. */
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

/** Every job of the board, for all readers in this process that follow them all. */
export class BoardFeed {
  readonly #db: Database
  readonly #listening: AnnouncementListener
  readonly #followers = new Set<BoardFollower>()
  readonly #steps = new SharedSteps()
  /** The jobs that the last look found. */
  #rows = new Map<string, JobRow>()
  /** Revisions that were handed out and may be found again. */
  #handed = new Map<string, number>()
  /** From here on is looked; undefined until the first reader's own look. */
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
   * Hands a follower what is written, until `leave` is called. `ready` brings what was written
   * since a board revision; null asks for nothing but what comes.
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
   * What brings a reader of one job to the present; undefined where it is there. The row of the
   * last look is read again for a reader that was handed a newer revision.
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
    // What is announced meanwhile is looked for by the timer that it sets.
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
