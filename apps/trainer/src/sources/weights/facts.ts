import { type Direction, isFiniteMeasure, ownValue, readMeasured, setOwn } from '@bestmark/core'

/**
 * Where a program declares its monitor: in the state of Lightning's ModelCheckpoint, inside the weights,
 * in `training.score_weights` of spaCy's configuration beside them, or in the epochs where skorch saved.
 */
export type MonitorOrigin = 'callback_state' | 'score_weights' | 'saved_epochs'

/** Programs of boosted trees. */
type Booster = 'xgboost' | 'lightgbm' | 'catboost'

/** Facts about weights, read from their file or from a file beside it. */
export interface Facts {
  /** As the file counts: from 0 or from 1. */
  epoch: number | null
  step: number | null
  /** Another count of steps in the file, such as optimiser steps beside batches. */
  other_step: number | null
  /** Metrics of these weights, by their names in the file. */
  values: Record<string, number>
  /** The metric by which the program keeps checkpoints, and its values for other files, by file name. */
  monitor: {
    metric: string
    mode: Direction | null
    declared_in: MonitorOrigin
    scores: Map<string, number>
  } | null
  /** The best iteration that the program recorded in boosted trees, and its value there. */
  best: { step: number; value: number | null } | null
  /** The program of boosted trees. */
  booster: Booster | null
  /** Whether the values are those in the file's name. */
  isNamed: boolean
  /** Whether the file counts exactly like its log, from 0 or from 1. */
  isAsLogged: boolean
  /** Whether Lightning wrote the step. Lightning counts completed steps. */
  isLightning: boolean
  /** The path of the best weights, on the machine that trained. */
  best_path: string | null
  /** The best fitness so far, as Ultralytics records it until training ends. */
  best_fitness: number | null
  /** The version of Ultralytics. */
  version: string | null
  /** Weights with the same digest have the same tensors; null if unknown. */
  digest: string | null
  /** The path of the file with these facts. */
  file: string
}

/** Facts without any value. */
export function noFacts(file: string): Facts {
  const nothing = {
    epoch: null,
    step: null,
    other_step: null,
    monitor: null,
    best: null,
    booster: null,
    best_path: null,
    best_fitness: null,
    version: null,
    isNamed: false,
    isAsLogged: false,
    isLightning: false,
  }
  return { ...nothing, values: {}, digest: null, file }
}

const EPOCHS = ['epoch', 'current_epoch', 'ss_epoch', 'n_epoch', 'last_epoch', 'start_epoch']
const STEPS = [
  ...['global_step', 'step', 'iteration', 'iter', 'iter_num', 'num_updates', 'ss_steps', 'steps'],
  ...['n_iter', 'global_iter', 'train_step', 'it'],
]
/** Counts that a program keeps beside its main one: litgpt counts batches as `iter_num`. */
const OTHER_STEPS = ['step_count', 'optimizer_step', 'opt_step', 'optimizer_steps']
/** Names of metrics. `best_…` is not one: it may be the value of other weights. */
const MEASURE =
  /^(metric|fitness|score|metrics\/.+|((val|valid|validation|eval|test|dev|cv)[_/].+)|.*(acc|accuracy|acc1|top1|f1|auc|iou|miou|dice|map|bleu|wer|bpb))$/i

/** The epoch, step and metrics among some fields, by their usual names. */
export function factsIn(
  fields: Readonly<Record<string, unknown>>,
): Pick<Facts, 'epoch' | 'step' | 'other_step' | 'values'> {
  const count = (names: readonly string[]): number | null => {
    const found = names
      .map((name) => numberOf(ownValue(fields, name)))
      .find((one) => one !== undefined)
    return found !== undefined && Number.isSafeInteger(found) && found >= 0 ? found : null
  }
  const values: Record<string, number> = {}
  const inner = typeof fields['performance'] === 'object' ? (fields['performance'] ?? {}) : {}
  for (const [name, value] of Object.entries({ ...fields, ...inner })) {
    const measured = readMeasured(value)
    const isMeasured =
      name in inner || (MEASURE.test(name) && !/^best|_(steps|runtime|per_second)$/.test(name))
    if (isMeasured && isFiniteMeasure(measured)) setOwn(values, name, measured)
  }
  const [step, other] = [count(STEPS), count(OTHER_STEPS)]
  return {
    epoch: count(EPOCHS),
    step: step ?? other,
    other_step: step === null ? null : other,
    values,
  }
}

function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value
  return typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : undefined
}
