import { conditionText } from '@bestmark/core'
import {
  approveDeployment,
  createDeployment,
  listDeployments,
  liveDeployments,
  NotApproved,
  checkOrderConditions,
  shippingAdvice,
  withdrawDeployment,
} from '@bestmark/db'
import { z } from 'zod'
import { decidedBy, deciderOf } from './caller.ts'
import { Id, procedure, router } from './trpc.ts'

/** Who orders a shipment, and why; as the person writes it. A person with an account is named. */
export const OrdererInput = z.object({
  by: z.string().max(100).optional(),
  why: z.string().max(1_000).optional(),
})

const PlaceInput = z.object({
  job_id: Id,
  checkpoint_id: Id,
  model_name: z.string(),
  /** The host whose agent ships a checkpoint in S3. Default: the job's. */
  host_id: Id.optional(),
  /** The name of a target of that host. Default: the folder `models`. */
  target: z.string().max(64).optional(),
})

const CreateInput = PlaceInput.extend({
  ...OrdererInput.shape,
  /** By default only what serving needs. */
  contents: z.enum(['serving', 'whole']).optional(),
  /** Ship only if it is better than what is live there by more than the noise. */
  if_better: z.boolean().optional(),
  /** A folder with files that the checkpoint lacks: below the run's root, or its base model's. */
  files_from: z.string().max(4_096).optional(),
})

const ListInput = z.object({ job_id: Id.optional(), model_name: z.string().optional() })

export const deployments = router({
  /** Orders the deployment of a complete checkpoint; the agent of its host ships it. */
  create: procedure
    .input(CreateInput)
    .mutation(({ ctx, input }) =>
      createDeployment(ctx.db, { ...input, ...deciderOf(ctx.caller, input.by) }),
    ),

  /** Approves the order of another person, so that an agent takes it. Programs cannot. */
  approve: procedure
    .input(z.object({ job_id: Id, deployment_id: Id, by: OrdererInput.shape.by }))
    .mutation(({ ctx, input }) => {
      if (ctx.caller.kind === 'token') throw new NotApproved('not_a_person')
      const { by = '', person_id } = deciderOf(ctx.caller, input.by)
      return approveDeployment(ctx.db, { ...input, by, person_id })
    }),

  /** Withdraws an order that no agent has begun; it stays in the ledger. */
  withdraw: procedure
    .input(z.object({ job_id: Id, deployment_id: Id, by: OrdererInput.shape.by }))
    .mutation(({ ctx, input }) =>
      withdrawDeployment(ctx.db, { ...input, by: decidedBy(ctx.caller, input.by) }),
    ),

  /** The sizes of what can be shipped, and what is missing to serve it; null if there are no files. */
  advice: procedure
    .input(z.object({ job_id: Id, checkpoint_id: Id }))
    .query(async ({ ctx, input }) => {
      return (await shippingAdvice(ctx.db, input.job_id, input.checkpoint_id)) ?? null
    }),

  /** The conditions of the target that an order must meet, checked now; a text if one does not hold. */
  conditions: procedure.input(PlaceInput).query(async ({ ctx, input }) => {
    const checks = await checkOrderConditions(ctx.db, input)
    return checks.map((check) => ({ ...check, text: check.passes ? null : conditionText(check) }))
  }),

  /** All deployments, newest first, and the live one of each model name. */
  list: procedure.input(ListInput.prefault({})).query(async ({ ctx, input }) => {
    const [ledger, live] = await Promise.all([
      listDeployments(ctx.db, input),
      liveDeployments(ctx.db, { model_name: input.model_name }),
    ])
    return { deployments: ledger, live }
  }),
})
