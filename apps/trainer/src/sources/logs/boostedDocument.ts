import { splitBySet } from './boostedLines.ts'
import { EMPTY_RECORD, type LogRecord } from './logRecord.ts'

/** Names of sets in the results of XGBoost, LightGBM and CatBoost. */
const SET = /^(d?train(ing)?|learn|(d?(valid|val|validation|validate|eval|test|dev|holdout)\w*))$/i
/** LightGBM's usual names of sets. Its printed lines have this apostrophe, too. */
const LIGHTGBM = /^(training|valid_\d+)$/

type Column = [name: string, values: readonly number[]]

/**
 * The records in the evaluation results of boosted trees, such as `evals_result()`: per set, per
 * metric, a value per iteration. LightGBM counts iterations from 1, the others from 0. Undefined for
 * any other document.
 */
export function boostedRecords(
  document: Readonly<Record<string, unknown>>,
): LogRecord[] | undefined {
  const sets = Object.entries(document)
  if (sets.length === 0 || !(sets.every(([name]) => SET.test(name)) || areSets(sets)))
    return undefined
  const isLightGbm = sets.every(([name]) => LIGHTGBM.test(name))
  const columns = sets.flatMap(([set, metrics]) => {
    const named = Object.entries(typeof metrics === 'object' && metrics !== null ? metrics : {})
    return named.map(([metric, values]): [string, unknown] => {
      return [isLightGbm ? `${set}'s ${metric}` : `${set}-${metric}`, values]
    })
  })
  const length = columns.flatMap(([, values]) => (Array.isArray(values) ? values.length : []))[0]
  if (length === undefined || !columns.every((one) => isColumn(one, length))) return undefined
  return Array.from({ length }, (_, at) => {
    const pairs = columns.filter((one) => isColumn(one, length)).map((one) => pairAt(one, at))
    return { ...EMPTY_RECORD, step: isLightGbm ? at + 1 : at, ...splitBySet(pairs) }
  })
}

/** Whether all fields have lists of the same metrics: sets of any names. */
function areSets(sets: readonly [string, unknown][]): boolean {
  const metrics = sets.map(([, values]) => {
    const isObject = typeof values === 'object' && values !== null && !Array.isArray(values)
    return isObject ? Object.keys(values).join() : undefined
  })
  return sets.length > 1 && metrics[0] !== undefined && new Set(metrics).size === 1
}

function isColumn(column: [string, unknown], length: number): column is Column {
  const [, values] = column
  const isNumbers = Array.isArray(values) && values.every((one) => typeof one === 'number')
  return isNumbers && values.length === length
}

function pairAt([name, values]: Column, at: number): [string, number] {
  return [name, values[at] ?? NaN]
}
