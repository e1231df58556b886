import { readMeasured } from '@bestmark/core'
import type { Values } from '../events/newEvents.ts'
import {
  heldOutName,
  isHeldOut,
  isMeasure,
  isBatchValue,
  nameWithSplit,
  findTrainingLoss,
} from '../events/names.ts'

/** What one record of a log tells. */
export interface LogRecord {
  /** As counted in the log; null where the record tells none. */
  step: number | null
  epoch: number | null
  total_steps: number | null
  total_epochs: number | null
  metrics: Values
  evaluation: Values
  /** The checkpoint that the record says was saved with it. */
  saved?: string
  /** The measure of which it records the best so far, where that is one. */
  best_of?: string
}

/** The held-out data that all measures of a record are of; `unnamed` where their names stay. */
export type RecordSplit = 'eval' | 'test' | 'unnamed'

export const EMPTY_RECORD: LogRecord = {
  ...{ step: null, epoch: null, total_steps: null, total_epochs: null },
  metrics: {},
  evaluation: {},
}

/** Names of counts of optimiser steps, the most telling first. */
const STEPS = [
  ...['global_step', 'trainer/global_step', 'num_updates', 'step', 'steps', 'iteration', 'iter'],
  ...['current_steps', 'iterations', 'n_iter', 'train_step', '_step', 'update', 'updates', 'it'],
  ...['training_iteration', 'time/total_timesteps', 'total_timesteps', 'timesteps'],
]
const EPOCHS = ['epoch', 'epochs', 'current_epoch', 'ep']
const TOTALS = /^(total_steps|max_steps|total_epochs|max_epochs|num_epochs)$/

/** What a count is called, in lower case and without the word for its split (`valid_num_updates`). */
function bareCount(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .replace(/^(train|valid|val|eval)[_/]/, '')
}

/** Whether a name is that of a count that rows are placed by. */
export function findCountKind(name: string): 'step' | 'epoch' | undefined {
  const bare = bareCount(name)
  if (STEPS.includes(bare)) return 'step'
  return EPOCHS.includes(bare) ? 'epoch' : undefined
}

/** A record's numbers by kind; undefined where it has no count or no number. */
export function recordOfPairs(
  pairs: readonly (readonly [name: string, value: unknown])[],
  split?: RecordSplit,
): LogRecord | undefined {
  const numbers = pairs.flatMap(([name, said]) => {
    const value = readMeasured(said)
    return value === undefined || value === null ? [] : [[name, value] as const]
  })
  const count = (names: readonly string[]): number | null => {
    for (const wanted of names) {
      const found = numbers.find(([name]) => bareCount(name) === wanted)
      if (found && Number.isFinite(found[1])) return found[1]
    }
    return null
  }
  const [step, epoch] = [count(STEPS), count(EPOCHS)]
  if (step === null && epoch === null) return undefined
  const measured = numbers.filter(
    ([name]) => findCountKind(name) === undefined && !TOTALS.test(name),
  )
  const best = bestOf(measured.map(([name]) => name))
  const kinds = splitByKind(measured, split)
  const isAny = Object.keys(kinds.metrics).length + Object.keys(kinds.evaluation).length > 0
  if (!isAny) return undefined
  return { ...EMPTY_RECORD, step, epoch, ...kinds, ...(best !== undefined && { best_of: best }) }
}

const BEST = /^(?:(?:valid|val|eval)[_/])?best_(.+)$/

/** The measure of which names record the best so far (`best_bleu`); undefined where there are several. */
function bestOf(names: readonly string[]): string | undefined {
  const kept = new Set(names.flatMap((name) => BEST.exec(name)?.[1] ?? []))
  return kept.size === 1 ? [...kept][0] : undefined
}

/** Values of training and values that were held out, by their one name. */
export function splitByKind(
  pairs: readonly (readonly [name: string, value: number])[],
  split?: RecordSplit,
) {
  const metrics: [string, number][] = []
  const evaluation: [string, number][] = []
  const loss = findTrainingLoss(pairs.map(([name]) => name))
  for (const [name, value] of pairs) {
    if (name === '' || isBatchValue(name)) continue
    if (split !== undefined) {
      if (isMeasure(name)) evaluation.push([heldOutName(nameWithSplit(name, split)), value])
    } else if (isHeldOut(name)) evaluation.push([heldOutName(name), value])
    else metrics.push([name === loss ? 'loss' : name, value])
  }
  return { metrics: Object.fromEntries(metrics), evaluation: Object.fromEntries(evaluation) }
}
