import { namedValues, shared } from '@bestmark/core'
import { type Database, type Delta, Refused, watch as follow, watchBoard } from '@bestmark/db'
import { tracked } from '@trpc/server'
import { z } from 'zod'
import { merged } from './merged.ts'
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

type WatchInput = z.infer<typeof WatchInput>

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
  for await (const { id, delta } of messages(ctx.db, input, signal ?? NEVER)) {
    yield tracked(id, shared(delta))
  }
})

const ManyInput = z.object({
  readers: z
    .array(z.object({ key: z.string().regex(/^[\w-]{1,40}$/), watch: WatchInput }))
    .min(1)
    .max(100),
})

/**
 * Several readers over one connection, such as the tabs of a browser. The id of a message is its
 * reader's key, a space, and the id that `watch` would give it. To continue, a subscriber gives each
 * reader the id of the last message for it.
 */
export const watchMany = procedure.input(ManyInput).subscription(async function* ({
  ctx,
  input: { readers },
  signal,
}) {
  const stop = new AbortController()
  const until = AbortSignal.any([stop.signal, signal ?? NEVER])
  const sources = readers.map(({ key, watch }) => keyed(key, messages(ctx.db, watch, until)))
  for await (const { id, delta } of merged(sources, () => stop.abort())) {
    yield tracked(id, shared(delta))
  }
})

const NEVER = new AbortController().signal

interface Message {
  id: string
  delta: Delta
}

async function* keyed(
  key: string,
  messages: AsyncIterable<Message>,
): AsyncGenerator<Message, void> {
  for await (const { id, delta } of messages) yield { id: `${key} ${id}`, delta }
}

async function* messages(
  db: Database,
  input: WatchInput,
  until: AbortSignal,
): AsyncGenerator<Message, void> {
  const progress = progressOf(input, input.lastEventId)
  if (progress.board !== undefined) {
    for await (const news of watchBoard(db, progress.board, until)) {
      yield { id: boardMessageId(news), delta: news.delta }
    }
    return
  }
  for await (const delta of follow(db, progress.query, until)) {
    yield { id: progress.after(delta), delta }
  }
}

function progressOf(request: WatchRequest, id: string | null | undefined): Progress {
  try {
    return new Progress(request, id)
  } catch (cause) {
    throw new Refused(cause instanceof Error ? cause.message : String(cause), { cause })
  }
}
