import { Policy, PolicyOptions } from '@bestmark/core'
import { changePolicy, policyHistory } from '@bestmark/db'
import { z } from 'zod'
import { decidedBy } from './caller.ts'
import { Id, procedure, router } from './trpc.ts'

/** A job, or every job of a project without its own policy. */
const Whose = z.union([z.object({ job_id: Id }), z.object({ project: z.string() })], {
  error: 'name a job by its job_id, or a project',
})

const ChangeInput = z.intersection(
  Whose,
  z.object({
    /** Null returns to the project's policy, or a project to the default. */
    policy: Policy.nullable(),
    options: PolicyOptions.omit({ by: true }).default({}),
    /** The person who decides; the name is stored. */
    by: z.string().max(100),
  }),
)

export const policies = router({
  /** Changes the policy, stores who did it and when, and selects again from the stored evaluations. */
  change: procedure.input(ChangeInput).mutation(({ ctx, input }) => {
    const { policy, options, by, ...whose } = input
    return changePolicy(ctx.db, whose, policy && { policy, options }, decidedBy(ctx.caller, by))
  }),

  /** The changes of policy, newest first; the history of a job includes those of its project. */
  history: procedure.input(Whose).query(({ ctx, input }) => policyHistory(ctx.db, input)),
})
