import type { Database } from '../connection/client.ts'
import { boardFeed, type BoardFeed } from './boardFeed.ts'
import type { Changes } from './changes.ts'
import { Reader } from './reader.ts'
import type { Delta } from './step.ts'

/** A change of one job, for a reader that follows every job. */
export interface BoardNews {
  delta: Delta
  /**
   * The reader has everything up to this board revision. After a lost connection it continues from
   * here.
   */
  board_revision: number
}

/**
 * Follows every job of the board until the signal aborts. It first sends what was written since a
 * board revision, such as that of `listJobs`, and then each new write. With null it sends only new
 * writes.
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

/** Changes of a job that the reader does not have yet. */
interface PendingChange {
  /** The highest of their revisions. */
  revision: number
  /** The lowest of their board revisions. */
  from: number
}

class BoardReader extends Reader {
  readonly #sent = new Map<string, number>()
  readonly #pending = new Map<string, PendingChange>()
  #settled = 0

  hand({ changes, settled }: Changes): void {
    this.#settled = Math.max(this.#settled, settled)
    for (const { job_id, revision, board_revision } of changes) {
      if (revision <= (this.#sent.get(job_id) ?? 0)) continue
      const before = this.#pending.get(job_id)
      this.#pending.set(job_id, {
        revision: Math.max(revision, before?.revision ?? 0),
        from: Math.min(board_revision, before?.from ?? Infinity),
      })
      this.wake(job_id)
    }
  }

  /** The next change; undefined after a wait during which changes may have arrived. */
  async next(feed: BoardFeed): Promise<BoardNews | undefined> {
    for (const job_id of this.late) this.due.add(job_id)
    this.late.clear()
    for (const job_id of this.due) {
      this.due.delete(job_id)
      const handed = this.#pending.get(job_id)?.revision ?? 0
      const step = await feed.stepFrom(job_id, this.#sent.get(job_id) ?? 0, handed)
      this.#removePending(job_id, Math.max(handed, step?.delta.revision ?? 0))
      if (!step) continue
      const { delta } = step
      this.#sent.set(job_id, delta.revision)
      return { delta, board_revision: this.#completeUntil() }
    }
    await this.news()
    return undefined
  }

  /** A newer revision was found meanwhile and is not sent yet. */
  #removePending(job_id: string, revision: number): void {
    const pending = this.#pending.get(job_id)
    if (pending && pending.revision <= revision) this.#pending.delete(job_id)
  }

  #completeUntil(): number {
    return Math.min(this.#settled, ...[...this.#pending.values()].map(({ from }) => from))
  }
}
