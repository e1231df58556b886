import { JobUnknown, listCheckpoints, selectionOf } from '@bestmark/db'
import { z } from 'zod'
import { procedure, router } from './trpc.ts'

export const checkpoints = router({
  /** Every checkpoint of a job by step, and the decision over them. */
  list: procedure.input(z.object({ job_id: z.uuid() })).query(async ({ ctx, input }) => {
    const selection = await selectionOf(ctx.db, input.job_id)
    if (!selection) throw new JobUnknown(input.job_id)
    return { checkpoints: await listCheckpoints(ctx.db, input.job_id), selection }
  }),
})
