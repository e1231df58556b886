import { ownValue } from '@bestmark/core'
import type { Database } from '../connection/client.ts'
import { storableName } from '../values/storable.ts'
import { type JobFeeds, jobFeeds } from './jobFeeds.ts'
import { Reader } from './reader.ts'
import { type Delta, type Position, positionAt, type Step } from './step.ts'

export type { Delta } from './step.ts'

export interface WatchQuery {
  /** The jobs, each with the revision that the reader has; 0 requests the current state first. */
  jobs: readonly { job_id: string; revision: number }[]
  /** Series of one of the jobs, each with the reader's `next_ordinal`. */
  series?: WatchedSeries | undefined
}

export interface WatchedSeries {
  job_id: string
  names: readonly string[]
  ordinals: Readonly<Record<string, number>>
}

/**
 * Follows jobs until the signal aborts. It listens first, then reads what changed since the
 * reader's revisions, then waits for more. A missed announcement delays a change until the next
 * poll. Each change is sent, sometimes several together. Readers in one process at the same
 * position share one delta, which is read once.
 */
export async function* watch(
  db: Database,
  query: WatchQuery,
  signal: AbortSignal,
): AsyncGenerator<Delta, void> {
  const feeds = jobFeeds(db)
  using reader = new Reader(signal)
  const positions = positionsOf(query)
  for (const job_id of positions.keys()) reader.due.add(job_id)
  const { ready, leave } = feeds.follow([...positions.keys()], reader)
  try {
    await reader.until(ready)
    while (!reader.isOver) {
      const step = await reader.until(nextStep(feeds, reader, positions))
      if (!step) continue
      const { job_id, revision } = step.delta
      // The rest of a large change comes in the next step.
      if (revision === positions.get(job_id)?.revision) reader.due.add(job_id)
      positions.set(job_id, step.next)
      yield step.delta
    }
  } finally {
    leave()
  }
}

function positionsOf({ jobs, series }: WatchQuery): Map<string, Position> {
  const ordinals = series?.names.map((name): [string, number] => {
    return [storableName(name), ownValue(series.ordinals, name) ?? 0]
  })
  return new Map(
    jobs.map(({ job_id, revision }) => {
      return [job_id, positionAt(revision, job_id === series?.job_id ? ordinals : [])]
    }),
  )
}

/**
 * The next step of a job with changes; undefined after a wait during which changes may have
 * arrived.
 */
async function nextStep(
  feeds: JobFeeds,
  reader: Reader,
  positions: ReadonlyMap<string, Position>,
): Promise<Step | undefined> {
  for (const job_id of reader.late) {
    reader.late.delete(job_id)
    // Read again, so that a reader that was busy for long gets all changes at once.
    feeds.lookAgain(job_id, reader)
  }
  for (const job_id of reader.due) {
    reader.due.delete(job_id)
    const position = positions.get(job_id)
    const step = position && feeds.get(job_id)?.stepFrom(position)
    if (step) return step
  }
  await reader.news()
  return undefined
}
