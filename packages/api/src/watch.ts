import { namedValues, shared } from '@bestmark/core'
import { Refused, watch as follow, watchBoard } from '@bestmark/db'
import { tracked } from '@trpc/server'
import { z } from 'zod'
import { type WatchRequest, boardMessageId, Progress } from './progress.ts'
import { Id, procedure } from './trpc.ts'

/** A safe integer: 32 bits of a place below an attempt, so the attempt is one the database takes. */
const Ordinal = z.number().int().nonnegative()

const WatchInput = z.object({
  /** Up to 200 jobs, or every job of the board. */
  jobs: z.union([z.array(Id).min(1).max(200), z.literal('all')]),
  /** Of every job what was written since; the `board_revision` that `jobs.list` gave. */
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
 * The present state of each job asked for and then its changes, or the changes of every job. One
 * that is cut off goes on from the last message it received and misses nothing. What several
 * readers are told is written once for all of them.
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

function progressOf(asked: WatchRequest, id: string | null | undefined): Progress {
  try {
    return new Progress(asked, id)
  } catch (cause) {
    throw new Refused(cause instanceof Error ? cause.message : String(cause), { cause })
  }
}
