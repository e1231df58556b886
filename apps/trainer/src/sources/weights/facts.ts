import { type Direction, isFiniteMeasure, ownValue, readMeasured, setOwn } from '@bestmark/core'

/** What weights, or a file that belongs to them, tell of themselves. */
export interface Facts {
  /** As counted there: from 0 or from 1. */
  epoch: number | null
  step: number | null
  /** Values that are of these weights, by the names that they have there. */
  values: Record<string, number>
  /** What the program kept it by, who says so, and the values of other files, by file name. */
  monitor: {
    metric: string
    mode: Direction | null
    by: string
    scores: Map<string, number>
  } | null
  /** Whether its step is Lightning's, which counts those that are completed. */
  isLightning: boolean
  /** Which weights it calls the best, as a path of the machine that trained. */
  best_path: string | null
  /** Of Ultralytics' files. */
  version: string | null
  /** Weights with the same one hold the same numbers; null where that is not known. */
  digest: string | null
  /** The file that tells these things, relative to the root. */
  file: string
}

/** Nothing known. */
export function noFacts(file: string): Facts {
  const nothing = {
    epoch: null,
    step: null,
    monitor: null,
    best_path: null,
    version: null,
    isLightning: false,
  }
  return { ...nothing, values: {}, digest: null, file }
}

const EPOCHS = ['epoch', 'current_epoch', 'ss_epoch', 'n_epoch', 'last_epoch']
const STEPS = [
  ...['global_step', 'step', 'iteration', 'iter', 'iter_num', 'num_updates', 'ss_steps', 'steps'],
  ...['n_iter', 'global_iter', 'train_step', 'it'],
]
/** Values that measure weights; `best_…` is of whichever was the best when the file was written. */
const MEASURE =
  /^(metric|fitness|score|metrics\/.+|((val|valid|validation|eval|test|dev)[_/].+)|.*(acc|accuracy|acc1|top1|f1|auc|iou|miou|dice|map|bleu|wer|bpb))$/i

/** Counts and values among words and numbers, as most programs call them. */
export function factsIn(
  fields: Readonly<Record<string, unknown>>,
): Pick<Facts, 'epoch' | 'step' | 'values'> {
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
  return { epoch: count(EPOCHS), step: count(STEPS), values }
}

function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value
  return typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : undefined
}
