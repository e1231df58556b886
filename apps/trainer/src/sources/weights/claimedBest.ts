import { basename } from 'node:path'
import { type EventOf, ownValue, pathStep } from '@bestmark/core'
import { heldOutName } from '../events/names.ts'
import type { SavedFile } from '../events/savedFiles.ts'
import type { Candidate } from './candidate.ts'
import type { LogHistory, Row } from './logHistory.ts'
import { newestWeights } from './monitoredMetric.ts'
import { readRecordedBest } from './recordedBest.ts'

type ClaimedBest = Partial<EventOf<'claim'>>

/** Tables have fewer digits than files. */
const ROUNDING = 1e-4
const KERAS = /\.(keras|h5|hdf5)$/

/** The program's own best checkpoint, if its files record it. */
export function readClaimedBest(
  candidates: readonly Candidate[],
  saved: readonly SavedFile[],
  history: LogHistory,
  /** Whether the deciding metric was inferred, perhaps from these files. */
  isInferred: boolean,
): ClaimedBest | undefined {
  return (
    claimOfLightning(candidates, saved) ??
    claimOfFitness(candidates, saved, history) ??
    claimOfRecord(candidates, saved, history) ??
    (isInferred ? undefined : claimOfKeras(candidates, saved))
  )
}

/** The best file in the state of Lightning's ModelCheckpoint in the newest weights. */
function claimOfLightning(
  candidates: readonly Candidate[],
  saved: readonly SavedFile[],
): ClaimedBest | undefined {
  const facts = newestWeights(candidates, ({ facts }) => facts.best_path !== null)?.facts
  const path = facts?.best_path
  if (!path || !facts.monitor) return undefined
  const name = basename(path.replaceAll('\\', '/'))
  const found = saved.find((one) => basename(one.path) === name)
  const metric = heldOutName(facts.monitor.metric)
  const value = facts.monitor.scores.get(name) ?? null
  return { path: found?.path ?? path, step: found ? found.step : pathStep(path), metric, value }
}

/**
 * Ultralytics' best fitness: in any file while it trains, and in best.pt after training. The row with
 * this fitness shows the step.
 */
function claimOfFitness(
  candidates: readonly Candidate[],
  saved: readonly SavedFile[],
  { rows }: LogHistory,
): ClaimedBest | undefined {
  const best = candidates.find(({ found }) => found.hints.role === 'best')
  const records = candidates.flatMap(({ facts }) => facts.best_fitness ?? [])
  const stored = best && ownValue(best.facts.values, 'fitness')
  const fitness = records.length > 0 ? Math.max(...records) : stored
  if (fitness === undefined) return undefined
  const fitnessOf = ({ values }: Row): unknown => ownValue(values, 'fitness')
  const row = rows.findLast((one) => {
    const value = fitnessOf(one)
    return typeof value === 'number' && Math.abs(value - fitness) <= ROUNDING
  })
  const value = row && fitnessOf(row)
  if (!row || typeof value !== 'number') return undefined
  const path = saved.find((one) => one.role === 'best')?.path ?? null
  return { path, step: row.step, metric: 'fitness', value }
}

/** The best iteration that boosted trees record. */
function claimOfRecord(
  candidates: readonly Candidate[],
  saved: readonly SavedFile[],
  history: LogHistory,
): ClaimedBest | undefined {
  const best = readRecordedBest(candidates, history)
  if (!best) return undefined
  const { step, metric, value } = best
  const found = saved.find((one) => one.path === best.path && one.step === step)
  return { path: found?.path ?? null, step, metric, value }
}

/** The file that Keras' ModelCheckpoint keeps for the best weights, if more than its name shows its step. */
function claimOfKeras(
  candidates: readonly Candidate[],
  saved: readonly SavedFile[],
): ClaimedBest | undefined {
  const found = saved.filter(({ path, role, step, step_note }) => {
    return KERAS.test(path) && role === 'best' && step !== null && step_note === undefined
  })
  const [only] = found
  if (!only || found.length > 1) return undefined
  const hints = candidates.find((one) => one.found.path === only.path)?.found.hints
  return { path: only.path, step: only.step, metric: null, value: hints?.values[0]?.value ?? null }
}
