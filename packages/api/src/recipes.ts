import { LONGEST_NAME, MOST_RUNS } from '@bestmark/core'
import { cancelOrder, firstOrder, listOrders, listRecipes } from '@bestmark/db'
import { z } from 'zod'
import { Id, procedure, router } from './trpc.ts'

const Value = z.union([z.string().max(2_000), z.number()])

/** Runs of a recipe. A list of runs is a sweep. */
export const NewRunsInput = z.object({
  recipe: z.string().max(64),
  /** The host that must start them. Default: any host with this recipe. */
  host_id: Id.optional(),
  name: z.string().trim().min(1).max(LONGEST_NAME),
  project: z.string().trim().min(1).max(LONGEST_NAME),
  /** The values of each run; missing ones are the recipe's defaults. */
  runs: z
    .array(z.record(z.string().max(64), Value))
    .min(1)
    .max(MOST_RUNS),
  by: z.string().max(100).optional(),
})

export const recipes = router({
  /** The training programs that may be started from here, of each host. */
  list: procedure.query(({ ctx }) => listRecipes(ctx.db)),

  /** The newest orders to start runs, and what became of them. */
  orders: procedure.query(({ ctx }) => listOrders(ctx.db)),

  /** The recipe, names and values that a job was started with; null if it was started otherwise. */
  ofJob: procedure
    .input(z.object({ job_id: Id }))
    .query(async ({ ctx, input }) => (await firstOrder(ctx.db, input.job_id)) ?? null),

  /** Takes a run out of the queue. */
  cancel: procedure.input(z.object({ order_id: Id })).mutation(async ({ ctx, input }) => {
    await cancelOrder(ctx.db, input.order_id)
    return { changed: 1 }
  }),
})
