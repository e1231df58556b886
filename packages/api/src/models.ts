import { PROMPT } from '@bestmark/core'
import { listModels, modelNamed, orderCheck, orderPrompt, rollBack } from '@bestmark/db'
import { z } from 'zod'
import { decidedBy, deciderOf } from './caller.ts'
import { Id, procedure, router } from './trpc.ts'
import { OrdererInput } from './deployments.ts'

/** One entry of the ledger. */
const Entry = z.object({ job_id: Id, deployment_id: Id })

export const models = router({
  /** What is live under each model name, whether a better checkpoint exists, and the newest entries. */
  list: procedure.query(({ ctx }) => listModels(ctx.db)),

  /** One model with its whole history; null if nothing was ordered under this name. */
  get: procedure
    .input(z.object({ model_name: z.string().max(100) }))
    .query(async ({ ctx, input }) => (await modelNamed(ctx.db, input.model_name)) ?? null),

  /** Makes the files of an earlier shipment live again, as an entry of its own. */
  rollBack: procedure
    .input(OrdererInput.extend(Entry.shape))
    .mutation(({ ctx, input }) =>
      rollBack(ctx.db, { ...input, ...deciderOf(ctx.caller, input.by) }),
    ),

  /** Orders the agent to compare the files of a shipment with the ledger. */
  verify: procedure
    .input(Entry.extend({ by: z.string().max(100).optional() }))
    .mutation(({ ctx, input }) =>
      orderCheck(ctx.db, { ...input, by: decidedBy(ctx.caller, input.by) }),
    ),

  /** Orders a model of a playground, and the last checkpoint of its job, to write after a prompt. */
  ask: procedure
    .input(
      Entry.extend({
        prompt: z.string().min(1).max(PROMPT.longest),
        by: z.string().max(100).optional(),
      }),
    )
    .mutation(({ ctx, input }) =>
      orderPrompt(ctx.db, { ...input, by: decidedBy(ctx.caller, input.by) }),
    ),
})
