import { namedValues, shared } from '@bestmark/core'
import { Refused, watch as follow, watchBoard } from '@bestmark/db'
import { tracked } from '@trpc/server'
import { z } from 'zod'
import { type WatchRequest, boardMessageId, Progress } from './progress.ts'
import { Id, procedure } from './trpc.ts'

/** The attempt, and below it 32 bits for a point's index. A safe integer, so the attempt is valid. */
const Ordinal = z.number().int().nonnegative()

const WatchInput = z.object({
  /** Up to 200 jobs, or every job of the board. */
  jobs: z.union([z.array(Id).min(1).max(200), z.literal('all')]),
  /** Follows the changes of every job after this `board_revision`, which `jobs.list` returned. */
  since: z.number().int().nonnegative().optional(),
  /** Series of one of the jobs, with the `next_ordinal` that `series.read` gave for each. */
  series: z
    .object({
      job_id: Id,
      names: z.array(z.string()).max(50),
      ordinals: namedValues(Ordinal),
    })
    .optional(),
  /** The id of the last message received; clients set it when they connect again. */
  lastEventId: z.string().max(10_000).nullish(),
})

/**
 * The current state of each requested job and then its changes, or the changes of every job. An
 * interrupted subscriber continues after the last message it received and misses nothing. A message
 * for several readers is encoded once for all of them.
 */
export const watch = procedure.input(WatchInput).subscription(async function* ({
  ctx,
  input,
  signal,
}) {
  const progress = progressOf(input, input.lastEventId)
  const until = signal ?? new AbortController().signal
  if (progress.board !== undefined) {
    for await (const news of watchBoard(ctx.db, progress.board, until)) {
      yield tracked(boardMessageId(news), shared(news.delta))
    }
    return
  }
  for await (const delta of follow(ctx.db, progress.query, until)) {
    yield tracked(progress.after(delta), shared(delta))
  }
})

function progressOf(request: WatchRequest, id: string | null | undefined): Progress {
  try {
    return new Progress(request, id)
  } catch (cause) {
    throw new Refused(cause instanceof Error ? cause.message : String(cause), { cause })
  }
}
