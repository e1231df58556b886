import { readSeries, seriesNames } from '@bestmark/db'
import { z } from 'zod'
import { sharedRead } from './sharedRead.ts'
import { jobProcedure, router } from './trpc.ts'

const ReadInput = z.object({
  names: z.array(z.string()).min(1).max(50),
  from_step: z.number().optional(),
  to_step: z.number().optional(),
  points: z.number().int().min(2).max(5_000).default(1_000),
})

export const series = router({
  /** A window of some series, each thinned to `points` at most; first, last, extremes and pins stay. */
  read: jobProcedure
    .input(ReadInput)
    .query(({ ctx, input: { job_id, ...query } }) => readSeries(ctx.db, job_id, query)),

  names: jobProcedure.query(({ ctx, input }) => {
    return sharedRead(ctx.db, ['series.names', input], () => seriesNames(ctx.db, input.job_id))
  }),
})
