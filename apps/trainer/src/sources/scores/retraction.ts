import { Attempt, Count, type Measured, Time } from '@bestmark/core'
import { z } from 'zod'

/** A line that retracts earlier scores of the same checkpoint. The earlier lines stay in the file. */
export const Retraction = z.object({
  retract: z.literal(1),
  /** Milliseconds since the epoch. */
  at: Time,
  path: z.string(),
  attempt: Attempt,
  step: Count,
  state: z.string().nullable().default(null),
  /** Null for all metrics. A metric's standard error is retracted with it. */
  metrics: z.array(z.string()).nullable(),
  by: z.string(),
})
export type Retraction = z.infer<typeof Retraction>

/** What identifies the checkpoint of a line. */
export type ScoreKey = Pick<Retraction, 'path' | 'attempt' | 'step' | 'state'>

/** Whether two lines have the same checkpoint: by its state file if there is one, else by attempt. */
export function isSameCheckpoint(
  score: ScoreKey,
  { path, attempt, step, state }: ScoreKey,
): boolean {
  const isSame = score.path === path && score.step === step && score.state === state
  return isSame && (state !== null || score.attempt === attempt)
}

/** The scores that remain after a retraction. */
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

/** Whether a retraction includes this metric. */
export function isRetracted(name: string, { metrics }: Pick<Retraction, 'metrics'>): boolean {
  return (
    metrics === null || metrics.includes(name) || metrics.includes(name.replace(/_stderr$/, ''))
  )
}
