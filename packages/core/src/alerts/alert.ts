import { z } from 'zod'
import { MeasuredInJson } from '../measuredSchema.ts'
import { Attempt, Count } from '../run/event.ts'

/** A checkpoint and its value in the metric that decided. */
const Best = z.object({
  metric: z.string().nullable(),
  value: MeasuredInJson,
  step: Count.nullable(),
})
export type AlertBest = z.infer<typeof Best>

/** What happened. Its JSON form is stored, and is a part of the plain webhook. */
export const Alert = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('new_best'), best: Best, previous: Best.nullable() }),
  z.object({
    kind: z.literal('no_improvement'),
    /** Evaluations since the best one. */
    evaluations: Count,
    best: Best.nullable(),
  }),
  z.object({
    kind: z.literal('nan'),
    metric: z.string(),
    value: MeasuredInJson,
    step: Count,
    attempt: Attempt,
  }),
  z.object({ kind: z.literal('failed'), attempt: Attempt, error: z.string().nullable() }),
  z.object({ kind: z.literal('lost'), attempt: Attempt }),
  z.object({
    kind: z.literal('ended'),
    attempt: Attempt,
    status: z.enum(['completed', 'stopped']),
    best: Best.nullable(),
  }),
  z.object({
    kind: z.literal('live_not_best'),
    model_name: z.string(),
    live_step: Count.nullable(),
    best: Best,
  }),
  /** A person asked for it, to see whether messages arrive. */
  z.object({ kind: z.literal('test') }),
])
export type Alert = z.infer<typeof Alert>
