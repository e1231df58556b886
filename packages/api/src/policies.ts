import { Policy, PolicyOptions } from '@bestmark/core'
import { changePolicy, policyHistory } from '@bestmark/db'
import { z } from 'zod'
import { Id, procedure, router } from './trpc.ts'

/** A job, or every job of a project that has no policy of its own. */
const Whose = z.union([z.object({ job_id: Id }), z.object({ project: z.string() })], {
  error: 'name a job by its job_id, or a project',
})

const ChangeInput = z.intersection(
  Whose,
  z.object({
    /** Null goes back to the project's policy, or for a project to the default. */
    policy: Policy.nullable(),
    options: PolicyOptions.omit({ by: true }).default({}),
    /** Who decides; it is recorded. */
    by: z.string().max(100),
  }),
)

export const policies = router({
  /** Changes the policy, notes who did it and when, and chooses again from the stored rows. */
  change: procedure.input(ChangeInput).mutation(({ ctx, input }) => {
    const { policy, options, by, ...whose } = input
    return changePolicy(ctx.db, whose, policy && { policy, options }, by)
  }),

  /** What was decided, newest first; a job's history has its project's changes in it. */
  history: procedure.input(Whose).query(({ ctx, input }) => policyHistory(ctx.db, input)),
})
