import type { Measured } from '@bestmark/core'
import { Failure } from '../../failure.ts'
import type { RunCheckpoint } from './checkpointAt.ts'
import { stateDigest } from '../../sources/scores/scoreEvents.ts'
import { isSameCheckpoint, isRetracted, type Retraction } from '../../sources/scores/retraction.ts'
import { appendScores, readScores } from '../../sources/scores/scoresFile.ts'

/** The retraction of metrics (null: all) of a checkpoint. */
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
 * Retracts scores of a checkpoint (no names: all) and returns those that no longer count. Throws a
 * Failure if there is no such score, or if the folder is not writable.
 */
export async function retractScores(
  of: RunCheckpoint,
  names: readonly string[],
  by: string,
): Promise<Record<string, Measured>> {
  const { root } = of.run
  const retraction = await retractionOf(of, names.length > 0 ? [...names] : null, by)
  const scores = readScores(root).scores.filter((score) => isSameCheckpoint(score, retraction))
  const values: Record<string, Measured> = {}
  // Of several values the first one counts.
  for (const score of scores) Object.assign(values, { ...score.values, ...values })
  const unknown = names.find((name) => !Object.hasOwn(values, name))
  const { path } = of.checkpoint
  if (scores.length === 0) {
    throw new Failure(`${path} has no scores. Values that the run logged cannot be retracted.`)
  }
  if (unknown !== undefined) {
    const scored = Object.keys(values).join(', ')
    throw new Failure(`${path} has no score of ${unknown}. It has ${scored}.`)
  }
  appendScores(root, [retraction])
  return Object.fromEntries(
    Object.entries(values).filter(([name]) => isRetracted(name, retraction)),
  )
}
