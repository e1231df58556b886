import { explanationTable } from '@bestmark/core'
import {
  type CheckpointList,
  type CheckpointPage,
  checkpointsOf,
  type Database,
  JobUnknown,
  marksOf,
  pinCheckpoints,
} from '@bestmark/db'
import { z } from 'zod'
import { sharedRead } from './sharedRead.ts'
import { Id, procedure, router } from './trpc.ts'

const JobId = z.object({ job_id: Id })
const PinInput = JobId.extend({ checkpoint_id: Id, pinned: z.boolean() })

/** The most checkpoints of one page. */
export const MOST_CHECKPOINTS = 1_000

const ListInput = JobId.extend({
  /** By step, or by rank: the best first, then those without a rank, the latest first. */
  order: z.enum(['step', 'rank']).default('step'),
  /** `next_cursor` of the previous page. */
  cursor: z.string().max(100).nullish(),
  limit: z.number().int().min(1).max(MOST_CHECKPOINTS).default(500),
})

const MarksInput = JobId.extend({ from_step: z.number(), to_step: z.number() })

export const checkpoints = router({
  /**
   * A page of a job's checkpoints, the decision over all of them, and the decision in words. The lists
   * of the decision are not longer than a page.
   */
  list: procedure.input(ListInput).query(({ ctx, input }) => {
    const { job_id, ...page } = input
    return sharedRead(ctx.db, ['checkpoints.list', input], () =>
      checkpointList(ctx.db, job_id, page),
    )
  }),

  /** What a chart shows of the checkpoints in a window of steps; of very many some stay. */
  marks: procedure.input(MarksInput).query(async ({ ctx, input: { job_id, ...window } }) => {
    return existing(job_id, await marksOf(ctx.db, job_id, window))
  }),

  /** The choice as plain data, in words, and as one table, for tools. */
  explain: procedure.input(JobId).query(async ({ ctx, input }) => {
    const { selection, explanation } = await checkpointList(ctx.db, input.job_id)
    return { selection, explanation, table: explanationTable(selection) }
  }),

  /** Pins a checkpoint, so that it is not pruned, or unpins it. */
  pin: procedure.input(PinInput).mutation(({ ctx, input }) => {
    const { job_id, checkpoint_id, pinned } = input
    return pinCheckpoints(ctx.db, job_id, { checkpoint_ids: [checkpoint_id], pinned })
  }),
})

/** Reads the checkpoints of a job, all or one page. Throws JobUnknown. */
export async function checkpointList(
  db: Database,
  job_id: string,
  page?: CheckpointPage,
): Promise<CheckpointList> {
  return existing(job_id, await checkpointsOf(db, job_id, page))
}

function existing<T>(job_id: string, found: T | undefined): T {
  if (found === undefined) throw new JobUnknown(job_id)
  return found
}
