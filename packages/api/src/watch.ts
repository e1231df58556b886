import { watch as follow } from '@bestmark/db'
import { tracked } from '@trpc/server'
import { z } from 'zod'
import { procedure } from './trpc.ts'

const WatchInput = z.object({
  /** Up to 200 jobs, or every job of the board. */
  jobs: z.union([z.array(z.uuid()).min(1).max(200), z.literal('all')]),
  series: z
    .object({
      job_id: z.uuid(),
      names: z.array(z.string()).max(50),
      ordinals: z.record(z.string(), z.number()),
    })
    .optional(),
  lastEventId: z.string().nullish(),
})

/** Each job's present state, then its changes; resumed by Last-Event-ID without a gap. */
export const watch = procedure.input(WatchInput).subscription(async function* ({
  ctx,
  input,
  signal,
}) {
  const { jobs, series } = input
  const known =
    jobs === 'all' ? { changed_since: 0 } : jobs.map((job_id) => ({ job_id, revision: 0 }))
  const until = signal ?? new AbortController().signal
  for await (const delta of follow(ctx.db, { jobs: known, series }, until)) {
    yield tracked(String(delta.revision), delta)
  }
})
