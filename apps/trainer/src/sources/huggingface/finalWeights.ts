import { pathStep, ownValue } from '@bestmark/core'
import { optionOf, type Configurations } from '../config/configuration.ts'
import { readTorchState } from '../../files/torchState.ts'
import type { LogEntry, TrainerState } from './trainerState.ts'

/** The weights that a run has once its training is over. */
export interface FinalWeights {
  step: number
  /** Why they are these, as part of a sentence. */
  why: string
}

const ARGS = 'training_args.bin'

/** Where the Trainer's own arguments may lie: in the root, or in a checkpoint folder, the last first. */
export function argumentFiles(folders: readonly string[]): string[] {
  return [ARGS, ...folders.toReversed().map((folder) => `${folder}/${ARGS}`)]
}

/**
 * Whether a run loaded its best checkpoint when training was over: by its own arguments, in the root
 * or in one of the checkpoint folders, else by its configuration. Null where nothing tells.
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
  const settings = found.map((one) => optionOf(one, 'load_best_model_at_end')?.value)
  return settings.find((value): value is boolean => typeof value === 'boolean') ?? null
}

/**
 * Which weights a run has after its last step. Those that the Trainer loads are of the folder that it
 * calls its best, which may be older than its best evaluation. Where nothing tells whether it did,
 * values that equal those of the best folder's step bit for bit do.
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

/** Asked for each row. */
const after = new WeakMap<TrainerState, ReadonlySet<LogEntry>>()

/** Rows that were logged once training was over: those after the last one that sums it up. */
export function rowsAfter(state: TrainerState): ReadonlySet<LogEntry> {
  const known = after.get(state)
  const found = known ?? new Set(state.log_history.slice(rowsOfTraining(state) + 1))
  if (!known) after.set(state, found)
  return found
}

const ofSteps = new WeakMap<TrainerState, Map<number, LogEntry[]>>()

/** The rows that training logged at a step. */
function rowsOfStep(state: TrainerState, step: number): readonly LogEntry[] {
  let known = ofSteps.get(state)
  if (!known) {
    const isAfter = rowsAfter(state)
    known = Map.groupBy(
      state.log_history.filter((row) => !isAfter.has(row)),
      (row) => row.step,
    )
    ofSteps.set(state, known)
  }
  return known.get(step) ?? []
}

/** How many rows were logged before the last one that sums a training up. */
export function rowsOfTraining({ log_history }: TrainerState): number {
  const summary = log_history.findLastIndex((row) => 'train_runtime' in row)
  return summary === -1 ? log_history.length : summary
}

/** Values of an evaluation that say how long it took, not how good the weights are. */
const RATE = /_(runtime|(samples|steps|tokens)_per_second|jit_compilation_time|preparation_time)$/

/** Whether a name tells of the evaluation itself, which differs each time. */
export function isRate(name: string): boolean {
  return RATE.test(name)
}

/** Names of values that stand in a row of the log as they are, bit for bit. */
function repeatedNames(
  values: Readonly<Record<string, unknown>>,
  row: Record<string, unknown>,
): string[] {
  return Object.entries(values)
    .filter(([name, value]) => !isRate(name) && Object.is(value, ownValue(row, name)))
    .map(([name]) => name)
}

/**
 * The last step of a run whose results name an epoch, which the newest state that was kept may not
 * reach. Older versions round epochs to two decimals. Undefined where several steps fit.
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
  const known = [global_step, state.max_steps].find(fits)
  if (known !== undefined) return known
  const only = Math.ceil(fewest)
  return Math.floor(most) === only ? only : undefined
}
