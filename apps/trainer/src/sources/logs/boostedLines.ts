import { numberIn } from '../../files/csv.ts'
import { type LogRecord, EMPTY_RECORD, splitByKind } from './logRecord.ts'

/**
 * An iteration of boosted trees: `[3]\ttrain-error:0.2\teval-logloss:0.5` of XGBoost, or
 * `[3]\tvalid_0's auc: 0.7` of LightGBM. Their cross-validation adds a deviation.
 */
const LINE = /^\[(\d{1,9})\]\s+(\S.*)$/
const PART = /^([A-Za-z][\w .@'/-]*?): ?([-+\w.∞]+?)(?: ?\+ ?[\d.e+-]+)?$/
/** LightGBM repeats the line of its best iteration after this one. */
const BEST = /best iteration is:$/i

/** Whether the next line repeats the best iteration. */
export function announcesBest(line: string): boolean {
  return BEST.test(line.trim())
}

/** Reads the line of an iteration; undefined for any other line. */
export function readBoostedLine(text: string): LogRecord | undefined {
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
  return { ...EMPTY_RECORD, step: Number(iteration), ...splitByKind(measured) }
}
