import { z } from 'zod'
import { Direction } from '../run/event.ts'
import { Policy } from '../status/status.ts'

/** What must hold before a checkpoint is shipped to a target. Each condition is optional. */
export const TargetConditions = z.strictObject({
  /** The policy that the job must be decided by. */
  policy: Policy.optional(),
  /** The worst value of a metric; its direction says whether that is the lowest or the highest. */
  value: z
    .strictObject({
      metric: z.string().min(1),
      bound: z.number(),
      direction: Direction.optional(),
    })
    .optional(),
  /** Better than what is live there, by more than the noise. */
  better_than_live: z.literal(true).optional(),
  /** A test set: the checkpoint needs a metric of it, such as `mmlu/acc` for `mmlu`. */
  scored_on: z.string().min(1).optional(),
  /** A second person approves each order before an agent takes it. This waits; it refuses no order. */
  approved: z.literal(true).optional(),
})
export type TargetConditions = z.infer<typeof TargetConditions>
