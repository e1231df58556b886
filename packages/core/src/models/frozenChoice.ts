import { z } from 'zod'
import { MeasuredInJson } from '../measuredSchema.ts'
import { Direction } from '../run/event.ts'
import { MissedBest, Noise } from '../selection/selection.ts'
import { Policy } from '../status/status.ts'

/** Another checkpoint that could have been shipped. */
export const Alternative = z.object({
  checkpoint_id: z.string().nullable(),
  attempt: z.number(),
  step: z.number(),
  path: z.string().nullable(),
  value: z.number(),
  /** From 1. */
  rank: z.number(),
  /** Its value minus the shipped one's; null if that one has no finite value. */
  difference: z.number().nullable(),
  /** The noise cannot tell it from the best. */
  is_tied: z.boolean(),
})
export type Alternative = z.infer<typeof Alternative>

/** The decision over a job's checkpoints at the moment when one of them was ordered to be shipped. */
export const FrozenChoice = z.object({
  policy: Policy,
  policy_version: z.number(),
  metric: z.string().nullable(),
  direction: Direction.nullable(),
  declared_by: z.string(),
  /** The shipped checkpoint's value of the metric. */
  value: MeasuredInJson,
  /** From 1; null if it was not ranked. */
  rank: z.number().nullable(),
  /** How many checkpoints were ranked. */
  candidates: z.number(),
  /** The best of the others, at most `MOST_ALTERNATIVES`. */
  alternatives: z.array(Alternative),
  noise: Noise.nullable(),
  missed_best: MissedBest.nullable(),
  /** Why the best was best. */
  reason: z.string(),
})
export type FrozenChoice = z.infer<typeof FrozenChoice>
