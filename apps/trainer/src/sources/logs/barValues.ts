import { isHeldOut } from '../events/names.ts'
import { EMPTY_RECORD, type LogRecord, splitByKind } from './logRecord.ts'
import type { Bar } from './progressBars.ts'
import { type LastCount, rememberCount } from './uncountedLines.ts'

/** Names that show that a bar is the training's. */
const MEASURED = /loss|ppl|perplexity|acc/i
/** A bar that starts again after this part of its total was complete: tqdm may not draw its end. */
const PASSED = 0.9

type Pairs = [name: string, value: number][]

/** What earlier drawings of bars showed. Plain data, because it is stored in the cursor. */
export interface BarState {
  /** The total of the training's bar. */
  total: number | null
  /** How far it was drawn, and the steps of its earlier passes. */
  done: number
  before: number
  /** 1 if its values are drawn before its count moves on. */
  shift: 0 | 1
  /** The last percent whose training values were used. */
  percent: number
  /** The held-out values that were drawn last. */
  seen: string
  /** The evaluation that was drawn last. */
  evaluated: string
  /** The epoch that is drawn, and its training values until it ends. */
  epoch: number | null
  total_epochs: number | null
  training: Pairs
}

export function emptyBars(): BarState {
  return {
    ...{ total: null, done: 0, before: 0, shift: 0, percent: -1, seen: '' },
    ...{ evaluated: '', epoch: null, total_epochs: null, training: [] },
  }
}

/** A split in the label of a bar: the bar of an evaluation. */
const SPLIT =
  /^(?!.*train).*\b(test|testing|val|valid|validation|validating|validate|eval|evaluation|evaluating|dev)\b/i
/** Lightning evaluates some batches before the training to find errors. */
const NO_TRAINING = /sanity/i

/**
 * The records that a drawing of a bar adds. A bar is drawn many times with the same values, and may
 * show values from before its epoch. So training values of an epoch are those of its last drawing,
 * and held-out values are used where they change. `last` becomes the count of the bar.
 */
export function readBarValues(
  state: BarState,
  bar: Bar,
  { epoch, last }: { epoch: number | null; last: LastCount },
): LogRecord[] {
  if (bar.values.length === 0 || NO_TRAINING.test(bar.label)) return []
  const split = SPLIT.exec(bar.label)?.[1]
  if (split !== undefined)
    return evaluationOf(state, bar, { split, last, epoch: bar.epoch ?? epoch })
  const ofBar = bar.epoch ?? epoch
  if (bar.step === null && ofBar !== null) return epochOfBar(state, bar, ofBar, last)
  return bar.step === null ? countOfBar(state, bar, last) : stepOfBar(state, bar, bar.step, last)
}

/** The training values of the last epoch that was drawn. */
export function endBars(state: BarState): LogRecord[] {
  const { epoch, total_epochs, training } = state
  state.training = []
  if (epoch === null || training.length === 0) return []
  return [{ ...EMPTY_RECORD, epoch, total_epochs, ...splitByKind(training) }]
}

/** The bar of an evaluation has the mean of all batches only at its end. */
function evaluationOf(
  state: BarState,
  { done, total, values }: Bar,
  { split, last, epoch }: { split: string; last: LastCount; epoch: number | null },
): LogRecord[] {
  const isTest = /^test/i.test(split)
  const count = epoch === null ? { step: last.step, epoch: last.epoch } : { step: null, epoch }
  const isLater = isTest && last.isValidated
  const text = JSON.stringify([count, values])
  const isUsed = done >= total && !isLater && text !== state.evaluated
  if (!isUsed || (count.step === null && count.epoch === null)) return []
  state.evaluated = text
  return [{ ...EMPTY_RECORD, ...count, ...splitByKind(values, isTest ? 'test' : 'eval') }]
}

function stepOfBar(state: BarState, bar: Bar, step: number, last: LastCount): LogRecord[] {
  const { values, epoch } = bar
  const training = step === state.done ? [] : trainingOf(values)
  state.done = step
  return recordOf({ step, epoch }, [...training, ...newValues(state, values)], last)
}

/** A bar of one epoch. */
function epochOfBar(state: BarState, bar: Bar, epoch: number, last: LastCount): LogRecord[] {
  const { done, total, total_epochs, values, isFromZero } = bar
  const before = state.epoch
  const ended = before === epoch ? [] : endBars(state)
  if (before !== epoch) Object.assign(state, { epoch, total_epochs, total })
  // The bar of an evaluation has another total.
  if (state.total === total) state.training = trainingOf(values)
  const heldOut = newValues(state, values)
  // Values that appear with the first drawing of an epoch belong to the epoch before.
  const isEarlier = done === 0 && before !== null && before !== epoch
  const isUsed = heldOut.length > 0 && (isEarlier || done >= total - 1)
  const zero = isFromZero && { is_from_zero: true as const }
  Object.assign(last, { step: null, epoch, ...zero })
  const counts = { epoch: isEarlier ? before : epoch, total_epochs, ...zero }
  return isUsed ? [...ended, ...recordOf(counts, heldOut, last)] : ended
}

/** A bar that counts steps or epochs. A further pass of the same length continues its count. */
function countOfBar(state: BarState, bar: Bar, last: LastCount): LogRecord[] {
  const { done, total, values, isOfEpochs } = bar
  if (!values.some(([name]) => MEASURED.test(name) || isHeldOut(name))) return []
  // The first bar is the training's. Bars of evaluations have other totals.
  state.total ??= total
  if (state.total !== total) return []
  if (done < state.done) {
    const isPass = state.done >= PASSED * total
    Object.assign(state, { before: isPass ? state.before + total : 0, percent: -1 })
  }
  if (state.percent === -1 && done === 0 && state.before === 0) state.shift = 1
  const percent = Math.floor((100 * done) / total)
  const training = percent === state.percent && done < total ? [] : trainingOf(values)
  Object.assign(state, { done, percent })
  const count = state.before + Math.min(total, done + state.shift)
  const passes = done === total ? count / total : null
  const at = isOfEpochs ? { epoch: count } : { step: count, epoch: passes }
  return recordOf(at, [...training, ...newValues(state, values)], last)
}

function recordOf(at: Partial<LogRecord>, pairs: Pairs, last: LastCount): LogRecord[] {
  const record = { ...EMPTY_RECORD, ...at, ...splitByKind(pairs) }
  rememberCount(last, record)
  return pairs.length === 0 ? [] : [record]
}

/** The held-out values, if they are new: the last drawing did not have them. */
function newValues(state: BarState, values: Pairs): Pairs {
  const heldOut = values.filter(([name]) => isHeldOut(name))
  const text = JSON.stringify(heldOut)
  const isNew = text !== state.seen
  state.seen = text
  return isNew ? heldOut : []
}

function trainingOf(values: Pairs): Pairs {
  return values.filter(([name]) => !isHeldOut(name))
}
