import { Attempt, Count, type Measured, Time } from '@bestmark/core'
import { z } from 'zod'
import { Failure } from '../../failure.ts'
import type { RunCheckpoint } from './checkpointAt.ts'
import { stateDigest } from '../../sources/scores/scoreEvents.ts'
import { appendScores, readScores, type ScoreAt } from '../../sources/scores/scoresFile.ts'

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

type Weights = Pick<Retraction, 'path' | 'attempt' | 'step' | 'state'>

/** The same weights: by their own state file, which attempts do not shift, else as they are counted. */
function isOf(score: Weights, { path, attempt, step, state }: Weights): boolean {
  const isSame = score.path === path && score.step === step && score.state === state
  return isSame && (state !== null || score.attempt === attempt)
}

/** What counts of scores after a retraction. */
export function withoutRetracted(scores: readonly ScoreAt[], retraction: Retraction): ScoreAt[] {
  return scores.flatMap((score) => {
    if (!isOf(score, retraction)) return [score]
    const kept = Object.entries(score.values).filter(([name]) => !isTaken(name, retraction))
    return kept.length > 0 ? [{ ...score, values: Object.fromEntries(kept) }] : []
  })
}

function isTaken(name: string, { metrics }: Pick<Retraction, 'metrics'>): boolean {
  return (
    metrics === null || metrics.includes(name) || metrics.includes(name.replace(/_stderr$/, ''))
  )
}

/** The line that takes back metrics (null: all) of a checkpoint. */
export async function retractionOf(
  { run, checkpoint }: RunCheckpoint,
  metrics: string[] | null,
  by: string,
): Promise<Retraction> {
  const { path, attempt, step } = checkpoint
  const state = await stateDigest(run.root, path)
  return { retract: 1, at: Date.now(), path, attempt, step, state, metrics, by }
}

/**
 * Takes back what was scored of a checkpoint, all of it or some metrics, and returns what no longer
 * counts. Throws a Failure where there is nothing to take back, or the folder cannot be written.
 */
export async function retractScores(
  of: RunCheckpoint,
  names: readonly string[],
  by: string,
): Promise<Record<string, Measured>> {
  const { root } = of.run
  const retraction = await retractionOf(of, names.length > 0 ? [...names] : null, by)
  const own = readScores(root).scores.filter((score) => isOf(score, retraction))
  const values: Record<string, Measured> = {}
  // Of several the first one counted.
  for (const score of own) Object.assign(values, { ...score.values, ...values })
  const unknown = names.find((name) => !Object.hasOwn(values, name))
  const { path } = of.checkpoint
  if (own.length === 0) {
    throw new Failure(
      `Nothing was scored of ${path}; what the run measured itself cannot be taken back.`,
    )
  }
  if (unknown !== undefined) {
    const known = Object.keys(values).join(', ')
    throw new Failure(`${unknown} was not scored of ${path}; scored are ${known}.`)
  }
  appendScores(root, [retraction])
  return Object.fromEntries(Object.entries(values).filter(([name]) => isTaken(name, retraction)))
}
