import type { Database } from '../connection/client.ts'
import { boardFeed, type BoardFeed } from './boardFeed.ts'
import type { Changes } from './changes.ts'
import { Reader } from './reader.ts'
import type { Delta } from './step.ts'

/** A change of one job, for a reader of every job. */
export interface BoardNews {
  delta: Delta
  /** Up to here the reader was told everything; to go on from when it was cut off. */
  board_revision: number
}

/**
 * Follows every job of the board until the signal aborts: first what was written since a board
 * revision, such as that of `listJobs`, then what comes. Null asks for nothing but what comes.
 */
export async function* watchBoard(
  db: Database,
  since: number | null,
  signal: AbortSignal,
): AsyncGenerator<BoardNews, void> {
  const feed = boardFeed(db)
  using reader = new BoardReader(signal)
  const { ready, leave } = feed.follow(since, reader)
  try {
    const before = await reader.until(ready)
    if (before) reader.hand(before)
    while (!reader.isOver) {
      const news = await reader.until(reader.next(feed))
      if (news) yield news
    }
  } finally {
    leave()
  }
}

/** Changes of a job that are still to be told. */
interface PendingChange {
  /** The highest of their revisions. */
  revision: number
  /** The lowest of their board revisions. */
  from: number
}

class BoardReader extends Reader {
  readonly #known = new Map<string, number>()
  readonly #untold = new Map<string, PendingChange>()
  #settled = 0

  hand({ changes, settled }: Changes): void {
    this.#settled = Math.max(this.#settled, settled)
    for (const { job_id, revision, board_revision } of changes) {
      if (revision <= (this.#known.get(job_id) ?? 0)) continue
      const before = this.#untold.get(job_id)
      this.#untold.set(job_id, {
        revision: Math.max(revision, before?.revision ?? 0),
        from: Math.min(board_revision, before?.from ?? Infinity),
      })
      this.wake(job_id)
    }
  }

  /** The next change; undefined after a rest in which some may have come. */
  async next(feed: BoardFeed): Promise<BoardNews | undefined> {
    for (const job_id of this.late) this.due.add(job_id)
    this.late.clear()
    for (const job_id of this.due) {
      this.due.delete(job_id)
      const handed = this.#untold.get(job_id)?.revision ?? 0
      const step = await feed.stepFrom(job_id, this.#known.get(job_id) ?? 0, handed)
      this.#isTold(job_id, Math.max(handed, step?.delta.revision ?? 0))
      if (!step) continue
      const { delta } = step
      this.#known.set(job_id, delta.revision)
      return { delta, board_revision: this.#toldTo() }
    }
    await this.news()
    return undefined
  }

  /** A newer revision that was handed meanwhile is still to be told. */
  #isTold(job_id: string, revision: number): void {
    const untold = this.#untold.get(job_id)
    if (untold && untold.revision <= revision) this.#untold.delete(job_id)
  }

  #toldTo(): number {
    return Math.min(this.#settled, ...[...this.#untold.values()].map(({ from }) => from))
  }
}
