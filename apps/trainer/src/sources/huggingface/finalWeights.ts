import { pathStep, ownValue } from '@bestmark/core'
import { optionOf, type Configurations } from '../config/configuration.ts'
import { readTorchState } from '../../files/torchState.ts'
import type { LogEntry, TrainerState } from './trainerState.ts'

/** The step of the weights in memory after training. */
export interface FinalWeights {
  step: number
  /** The reason, as part of a sentence. */
  why: string
}

const ARGS = 'training_args.bin'

/** Possible paths of the Trainer's arguments: in the root, then in the checkpoints, the last first. */
export function argumentFiles(folders: readonly string[]): string[] {
  return [ARGS, ...folders.toReversed().map((folder) => `${folder}/${ARGS}`)]
}

/**
 * Whether a run loads its best checkpoint after training: by the Trainer's arguments, else by its
 * configuration. Null if unknown.
 */
export async function readLoadsBest(
  root: string,
  folders: readonly string[],
  { found }: Configurations,
): Promise<boolean | null> {
  for (const path of argumentFiles(folders)) {
    const loads = (await readTorchState(root, path))?.load_best_model_at_end
    if (typeof loads === 'boolean') return loads
  }
  const values = found.map((one) => optionOf(one, 'load_best_model_at_end')?.value)
  return values.find((value): value is boolean => typeof value === 'boolean') ?? null
}

/**
 * The weights after the last step. The Trainer may load its best checkpoint, which can be older than
 * its best evaluation. If it is unknown whether it did, exactly equal values show it.
 */
export function findFinalWeights(
  state: TrainerState,
  last: number,
  { loads, values }: { loads: boolean | null; values: Readonly<Record<string, unknown>> },
): FinalWeights {
  const best = pathStep(state.best_model_checkpoint)
  const stays = { step: last, why: 'the last step' }
  if (best === null || best === last || loads === false) return stays
  if (loads) return { step: best, why: 'its checkpoint was loaded after training' }
  const repeats = (step: number): boolean => {
    return rowsOfStep(state, step).some((row) => repeatedNames(values, row).length > 0)
  }
  if (repeats(last) || !repeats(best)) return stays
  return { step: best, why: 'it has the same values' }
}

/**
 * The step of weights in a run's root; null if it may be that of the best checkpoint. The Trainer saves
 * its weights in memory there after training. A checkpoint that was copied out of a run has no summary
 * row.
 */
export function findRootStep(state: TrainerState, loads: boolean | null): number | null {
  const { global_step } = state
  if (rowsOfTraining(state) === state.log_history.length) return global_step
  const best = pathStep(state.best_model_checkpoint)
  if (loads === null && best !== null && best !== global_step) return null
  return findFinalWeights(state, global_step, { loads, values: {} }).step
}

/** A cache, because this is needed for each row. */
const after = new WeakMap<TrainerState, ReadonlySet<LogEntry>>()

/** Rows that were logged after training: those after the last summary row. */
export function rowsAfter(state: TrainerState): ReadonlySet<LogEntry> {
  const cached = after.get(state)
  const found = cached ?? new Set(state.log_history.slice(rowsOfTraining(state) + 1))
  if (!cached) after.set(state, found)
  return found
}

const ofSteps = new WeakMap<TrainerState, Map<number, LogEntry[]>>()

/** The rows of training at a step. */
function rowsOfStep(state: TrainerState, step: number): readonly LogEntry[] {
  let cached = ofSteps.get(state)
  if (!cached) {
    const isAfter = rowsAfter(state)
    cached = Map.groupBy(
      state.log_history.filter((row) => !isAfter.has(row)),
      (row) => row.step,
    )
    ofSteps.set(state, cached)
  }
  return cached.get(step) ?? []
}

/** The number of rows before the last summary row of a training. */
export function rowsOfTraining({ log_history }: TrainerState): number {
  const summary = log_history.findLastIndex((row) => 'train_runtime' in row)
  return summary === -1 ? log_history.length : summary
}

/** Values about the time of an evaluation, not about the weights. */
const RATE = /_(runtime|(samples|steps|tokens)_per_second|jit_compilation_time|preparation_time)$/

/** Whether a value is a time or a rate, which differs in each evaluation. */
export function isRate(name: string): boolean {
  return RATE.test(name)
}

/** Names of values that are exactly equal in a log row. */
function repeatedNames(
  values: Readonly<Record<string, unknown>>,
  row: Record<string, unknown>,
): string[] {
  return Object.entries(values)
    .filter(([name, value]) => !isRate(name) && Object.is(value, ownValue(row, name)))
    .map(([name]) => name)
}

/**
 * The last step of a run by the epoch in its results. The newest state may be older than that. Older
 * versions round epochs to two decimals. Undefined if several steps fit.
 */
export function findLastStep(state: TrainerState, epoch: number | null): number | undefined {
  const { global_step, epoch: reached } = state
  if (epoch === null || reached === null || reached <= 0 || global_step === 0) return global_step
  const stepsPerEpoch = global_step / reached
  const slack = Number(epoch.toFixed(2)) === epoch ? 0.005 * stepsPerEpoch : 0
  const [fewest, most] = [
    epoch * stepsPerEpoch - slack - 1e-3,
    epoch * stepsPerEpoch + slack + 1e-3,
  ]
  const fits = (step: number | null): step is number => {
    return step !== null && fewest <= step && step <= most
  }
  const exact = [global_step, state.max_steps].find(fits)
  if (exact !== undefined) return exact
  const only = Math.ceil(fewest)
  return Math.floor(most) === only ? only : undefined
}
