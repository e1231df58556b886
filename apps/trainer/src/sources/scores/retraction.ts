import { Attempt, Count, type Measured, Time } from '@bestmark/core'
import { z } from 'zod'

/** A line that takes back what earlier lines say of the same weights; those stay, for the record. */
export const Retraction = z.object({
  retract: z.literal(1),
  /** Milliseconds since the epoch. */
  at: Time,
  path: z.string(),
  attempt: Attempt,
  step: Count,
  state: z.string().nullable().default(null),
  /** Null for all of them. A metric's standard error goes with it. */
  metrics: z.array(z.string()).nullable(),
  by: z.string(),
})
export type Retraction = z.infer<typeof Retraction>

/** What names the weights that a line speaks of. */
export type ScoreKey = Pick<Retraction, 'path' | 'attempt' | 'step' | 'state'>

/** The same weights: by their own state file, which attempts do not shift, else as they are counted. */
export function isSameCheckpoint(
  score: ScoreKey,
  { path, attempt, step, state }: ScoreKey,
): boolean {
  const isSame = score.path === path && score.step === step && score.state === state
  return isSame && (state !== null || score.attempt === attempt)
}

/** What counts of scores after a retraction. */
export function withoutRetracted<Score extends ScoreKey & { values: Record<string, Measured> }>(
  scores: readonly Score[],
  retraction: Retraction,
): Score[] {
  return scores.flatMap((score) => {
    if (!isSameCheckpoint(score, retraction)) return [score]
    const kept = Object.entries(score.values).filter(([name]) => !isRetracted(name, retraction))
    return kept.length > 0 ? [{ ...score, values: Object.fromEntries(kept) }] : []
  })
}

/** Whether a retraction takes back this metric. */
export function isRetracted(name: string, { metrics }: Pick<Retraction, 'metrics'>): boolean {
  return (
    metrics === null || metrics.includes(name) || metrics.includes(name.replace(/_stderr$/, ''))
  )
}
