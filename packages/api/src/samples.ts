import { listSamples, sampleContent, samplePair } from '@bestmark/db'
import { z } from 'zod'
import { sharedRead } from './sharedRead.ts'
import { Count } from '@bestmark/core'
import { Id, jobProcedure, router } from './trpc.ts'

const ListInput = z.object({
  from_step: Count.optional(),
  to_step: Count.optional(),
  /** `next_cursor` of the previous page. */
  cursor: z.string().max(200).optional(),
  limit: z.number().int().min(1).max(1_000).default(500),
})

/** The texts, images and sounds that a run made at its steps. */
export const samples = router({
  /** A page of samples by step, attempt and prompt. */
  list: jobProcedure.input(ListInput).query(({ ctx, input }) => {
    const { job_id, ...query } = input
    return sharedRead(ctx.db, ['samples.list', input], () => listSamples(ctx.db, job_id, query))
  }),

  /** The samples nearest to the best checkpoint, and the last ones. */
  pair: jobProcedure.query(({ ctx, input }) => samplePair(ctx.db, input.job_id)),

  /** The stored file of a sample; null if the board does not have it. */
  content: jobProcedure
    .input(z.object({ sample_id: Id }))
    .query(
      async ({ ctx, input }) =>
        (await sampleContent(ctx.db, input.job_id, input.sample_id)) ?? null,
    ),
})
