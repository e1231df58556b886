import { numberIn } from '../../files/csv.ts'
import { isHeldOut } from '../events/names.ts'
import { type LogRecord, EMPTY_RECORD, splitByKind } from './logRecord.ts'

/**
 * An iteration of boosted trees: `[3]\ttrain-error:0.2\teval-logloss:0.5` of XGBoost, or
 * `[3]\tvalid_0's auc: 0.7` of LightGBM. Their cross-validation adds a deviation.
 */
const LINE = /^\[(\d{1,9})\]\s+(\S.*)$/
const PART = /^([A-Za-z][\w .@'/-]*?): ?([-+\w.∞]+?)(?: ?\+ ?[\d.e+-]+)?$/
/** CatBoost: `3:\tlearn: 0.51\ttest: 0.59\ttest1: 0.60\tbest: 0.59 (2)\ttotal: 59.4ms`. */
const CATBOOST = /^(\d{1,9}):\tlearn: (\S+)((?:\ttest\d*: \S+)*)\t/
const TEST = /\t(test\d*): (\S+)/g
/** CatBoost prints this after its last iteration. */
const CATBOOST_BEST = /^bestIteration = (\d{1,9})$/
/** LightGBM repeats the line of its best iteration after this one. */
const BEST = /best iteration is:$/i

/** Whether the next line repeats the best iteration. */
export function announcesBest(line: string): boolean {
  return BEST.test(line.trim())
}

/** Reads the line of an iteration; undefined for any other line. */
export function readBoostedLine(text: string): LogRecord | undefined {
  const catBoost = readCatBoostLine(text)
  if (catBoost) return catBoost
  const [, iteration, words] = LINE.exec(text) ?? []
  if (iteration === undefined || words === undefined) return undefined
  const pairs = words.split(/\t| {2,}/).map((part): [string, number] | undefined => {
    const [, name, digits] = PART.exec(part.trim()) ?? []
    const value = numberIn(digits)
    return name === undefined || value === undefined ? undefined : [name, value]
  })
  // Other programs begin lines with a number in brackets, too, but not only with metrics after it.
  if (pairs.includes(undefined)) return undefined
  const measured = pairs.filter((pair) => pair !== undefined)
  return { ...EMPTY_RECORD, step: Number(iteration), ...splitBySet(measured) }
}

/** `eval-logloss` of XGBoost: a set and a metric. */
const OF_SET = /^([^-]+)-(.+)$/

/**
 * Sets may have any name. If none is a usual one, the last set is held out, because XGBoost decides by
 * it, unless its name says that it is of the training.
 */
export function splitBySet(pairs: readonly [string, number][]) {
  const kinds = splitByKind(pairs)
  const isNamed = pairs.some(([name]) => isHeldOut(name))
  const last = OF_SET.exec(pairs.at(-1)?.[0] ?? '')?.[1]
  if (isNamed || last === undefined || /train/i.test(last)) return kinds
  const [held, others] = [true, false].map((isLast) => {
    return pairs.filter(([name]) => (OF_SET.exec(name)?.[1] === last) === isLast)
  })
  return { ...splitByKind(others ?? []), evaluation: Object.fromEntries(held ?? []) }
}

/** Its lines name no metric, only the sets: `learn`, `test`, and `test1` for a second one. */
function readCatBoostLine(text: string): LogRecord | undefined {
  const best = CATBOOST_BEST.exec(text)?.[1]
  if (best !== undefined) return { ...EMPTY_RECORD, step: Number(best), is_best: true }
  const [, iteration, learn, tests = ''] = CATBOOST.exec(text) ?? []
  if (iteration === undefined) return undefined
  const values = [...tests.matchAll(TEST)].map(([, set = '', digits]): [string, number] => {
    return [set, numberIn(digits) ?? NaN]
  })
  const metrics = { learn: numberIn(learn) ?? NaN }
  const evaluation = Object.fromEntries(values)
  return { ...EMPTY_RECORD, step: Number(iteration), metrics, evaluation }
}
