import { readMeasured } from '@bestmark/core'
import type { Values } from '../events/newEvents.ts'
import {
  heldOutName,
  isHeldOut,
  isTotalLoss,
  isMeasure,
  isBatchValue,
  nameWithSplit,
  findTrainingLoss,
} from '../events/names.ts'

/** The form of a log file. */
export type LogKind = 'json' | 'table' | 'text'

/** One record of a log. */
export interface LogRecord {
  /** As the log counts; null if the record has none. */
  step: number | null
  epoch: number | null
  total_steps: number | null
  total_epochs: number | null
  metrics: Values
  evaluation: Values
  /** The checkpoint that was saved with this record. */
  saved?: string
  /** The metric whose best value it records, if there is only one. */
  best_of?: string
  /** Its epochs are counted from 0. */
  is_from_zero?: true
  /** It only says which step is the best. */
  is_best?: true
  /** It only says that the weights of the last evaluation are the best so far. */
  saves_best?: true
}

/** The held-out split of all metrics in a record. With `unnamed` their names do not change. */
export type RecordSplit = 'eval' | 'test' | 'unnamed'

export const EMPTY_RECORD: LogRecord = {
  ...{ step: null, epoch: null, total_steps: null, total_epochs: null },
  metrics: {},
  evaluation: {},
}

/** Names of step counts, the most specific first. */
const STEPS = [
  // With gradient accumulation a record may also count batches.
  ...['global_step', 'trainer/global_step', 'optimizer_step', 'opt_step', 'num_updates'],
  ...[
    'step',
    'steps',
    'iteration',
    'iter',
    'current_steps',
    'iterations',
    'n_iter',
    'train_step',
    '_step',
    'update',
    'updates',
    'it',
  ],
  ...['training_step', 'num_steps', 'n_steps', 'iters', 'schritt'],
  ...['training_iteration', 'time/total_timesteps', 'total_timesteps', 'timesteps'],
]
const EPOCHS = [
  'epoch',
  'epochs',
  'current_epoch',
  'ep',
  'epoch_number',
  'epoch_num',
  'epoch_idx',
  'epoche',
  'époque',
  'epoque',
  'época',
  'epoca',
]
const TOTALS = /^(total_steps|max_steps|total_epochs|max_epochs|num_epochs)$/

/** The name of a count in lower case, without its split (`valid_num_updates`). */
function bareCount(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .replace(/^#\s*|[.:#]+$/g, '')
    .replace(/[ -]+/g, '_')
    .replace(/^(train|valid|val|eval)[_/]/, '')
}

/** Whether a name is a step count or an epoch count; undefined if neither. */
export function findCountKind(name: string): 'step' | 'epoch' | undefined {
  const bare = bareCount(name)
  if (STEPS.includes(bare)) return 'step'
  return EPOCHS.includes(bare) ? 'epoch' : undefined
}

/** Makes a record of names and values; undefined if it has no count or no metric. */
export function recordOfPairs(
  pairs: readonly (readonly [name: string, value: unknown])[],
  split?: RecordSplit,
): LogRecord | undefined {
  const numbers = pairs.flatMap(([name, field]) => {
    const value = readMeasured(field)
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

/** The metric whose best value is recorded (`best_bleu`); undefined if there are several. */
function bestOf(names: readonly string[]): string | undefined {
  const kept = new Set(names.flatMap((name) => BEST.exec(name)?.[1] ?? []))
  return kept.size === 1 ? [...kept][0] : undefined
}

/** `vloss` is a validation loss, or with metrics of a policy the loss of its value function. */
const SHORT_SPLIT = /^v(?=(loss|acc)$)/i
const OF_A_POLICY = /polic|entropy|reward|return|kl|^(p|pi|pg|q|actor)_?loss$/i

/** Without a loss, the sum of several losses is the loss. */
function withTotal(evaluation: readonly [string, number][]): readonly [string, number][] {
  const totals = evaluation.filter(([name]) => isTotalLoss(name))
  if (totals.length !== 1 || evaluation.some(([name]) => name === 'eval_loss')) return evaluation
  return evaluation.map(([name, value]) => [isTotalLoss(name) ? 'eval_loss' : name, value])
}

/** Splits values into training and held-out metrics, by common name. */
export function splitByKind(
  pairs: readonly (readonly [name: string, value: number])[],
  split?: RecordSplit,
) {
  const metrics: [string, number][] = []
  const evaluation: [string, number][] = []
  const loss = findTrainingLoss(pairs.map(([name]) => name))
  const isPolicy = pairs.some(([name]) => OF_A_POLICY.test(name))
  for (const [given, value] of pairs) {
    const name = isPolicy ? given : given.replace(SHORT_SPLIT, 'val_')
    if (name === '' || isBatchValue(name)) continue
    if (split !== undefined) {
      if (isMeasure(name)) evaluation.push([heldOutName(nameWithSplit(name, split)), value])
    } else if (isHeldOut(name)) evaluation.push([heldOutName(name), value])
    else metrics.push([name === loss ? 'loss' : name, value])
  }
  return {
    metrics: Object.fromEntries(metrics),
    evaluation: Object.fromEntries(withTotal(evaluation)),
  }
}
