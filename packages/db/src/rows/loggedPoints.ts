import type { EventOf } from '@bestmark/core'
import { isFirstWrite, type WriteAt } from './attempts.ts'
import { appendToChunks, SMALL_CHUNK } from './chunks.ts'
import type { Tx } from './job.ts'
import { PointsBySeries } from './points.ts'
import { appendToTail, takeTail } from './tails.ts'

/** The most points of one series in a write to the tail. */
export const TRICKLE = 64

/**
 * Appends logged points. A few points, as of a live run, go to the job's tail; many points, and a
 * tail that fills a small chunk, go to its chunks. Returns the length of the tail afterwards;
 * undefined if there were no points.
 */
export async function appendPoints(
  tx: Tx,
  at: WriteAt,
  events: readonly EventOf<'metrics'>[],
): Promise<number | undefined> {
  const points = new PointsBySeries()
  points.addEvents(events)
  const { longest } = points
  if (longest === 0) return undefined
  if (longest <= TRICKLE) {
    const length = await appendToTail(tx, at, events)
    // Also the first write of a job has a tail now.
    return length < SMALL_CHUNK ? length : closeTail(tx, at, [], true)
  }
  return closeTail(tx, at, events)
}

/**
 * Moves the tail of a job to its chunks, and appends the points of later events. Returns 0, its length.
 * Without `hasTail`, no tail is looked for.
 */
export async function closeTail(
  tx: Tx,
  at: WriteAt,
  later: readonly EventOf<'metrics'>[] = [],
  hasTail = !isFirstWrite(at),
): Promise<number> {
  const points = new PointsBySeries()
  if (hasTail) await takeTail(tx, at.job_id, points)
  points.addEvents(later)
  await appendToChunks(tx, at, points.all)
  return 0
}
