import { checkpointsOf, JobUnknown } from '@bestmark/db'
import { z } from 'zod'
import { Id, procedure, router } from './trpc.ts'

export const checkpoints = router({
  /** Every checkpoint of a job by step, and the decision over them. */
  list: procedure.input(z.object({ job_id: Id })).query(async ({ ctx, input }) => {
    const list = await checkpointsOf(ctx.db, input.job_id)
    if (!list) throw new JobUnknown(input.job_id)
    return list
  }),
})
