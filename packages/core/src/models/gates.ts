import { z } from 'zod'
import { Policy } from '../status/status.ts'

/** A limit for one metric. At least one of both bounds is given. */
const ValueGate = z
  .strictObject({
    metric: z.string().min(1).max(300),
    at_least: z.number().optional(),
    at_most: z.number().optional(),
  })
  .refine(({ at_least, at_most }) => at_least !== undefined || at_most !== undefined, {
    error: 'give at_least or at_most',
  })

/** Conditions of a target. An empty object has none. */
export const Gates = z.strictObject({
  /** The checkpoint must be the best by this policy. */
  policy: Policy.optional(),
  /** Limits for values of the checkpoint. */
  values: z.array(ValueGate).max(50).default([]),
  /** It must be better than what is live there, by more than the noise. */
  better_than_live: z.boolean().default(false),
  /** Metrics that must have been measured on it, such as those of a test set. */
  scored: z.array(z.string().min(1).max(300)).max(50).default([]),
  /** A second person must approve it. */
  approval: z.boolean().default(false),
})
export type Gates = z.infer<typeof Gates>

/** No conditions. */
export const NO_GATES: Gates = Gates.parse({})
