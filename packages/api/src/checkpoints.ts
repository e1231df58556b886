import { explanationTable } from '@bestmark/core'
import {
  type CheckpointList,
  checkpointsOf,
  type Database,
  JobUnknown,
  pinCheckpoints,
} from '@bestmark/db'
import { z } from 'zod'
import { sharedRead } from './sharedRead.ts'
import { Id, procedure, router } from './trpc.ts'

const JobId = z.object({ job_id: Id })
const PinInput = JobId.extend({ checkpoint_id: Id, pinned: z.boolean() })

export const checkpoints = router({
  /** Every checkpoint of a job by step, the decision over them, and the decision in words. */
  list: procedure.input(JobId).query(({ ctx, input }) => {
    return sharedRead(ctx.db, ['checkpoints.list', input], () =>
      checkpointList(ctx.db, input.job_id),
    )
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

/** Reads the checkpoints of a job. Throws JobUnknown. */
export async function checkpointList(db: Database, job_id: string): Promise<CheckpointList> {
  const list = await checkpointsOf(db, job_id)
  if (!list) throw new JobUnknown(job_id)
  return list
}
