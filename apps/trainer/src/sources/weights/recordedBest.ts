import { basename } from 'node:path'
import { type Direction, directionOf, isFiniteMeasure, ownValue } from '@bestmark/core'
import { rowHolds } from './axis.ts'
import type { Candidate } from './candidate.ts'
import type { Facts } from './facts.ts'
import type { InferredMetric } from './inferred.ts'
import type { LogHistory, Row } from './logHistory.ts'

/** The best iteration that a program recorded in its model, and the metric that it is best by. */
export interface RecordedBest {
  path: string
  step: number
  metric: string
  direction: Direction
  value: number
}

/**
 * Finds the metric of the best iteration that a model records. It is the metric with the recorded
 * value, else the last one that is best there: XGBoost and CatBoost decide by one metric.
 */
export function readRecordedBest(
  candidates: readonly Candidate[],
  { rows }: LogHistory,
): RecordedBest | undefined {
  const found = candidates.filter(({ facts }) => facts.best !== null)
  // The model of the best iteration is the last one that was saved.
  const isBest = ({ facts }: Candidate): number => Number(facts.best?.step === facts.step)
  const [newest] = found.toSorted((a, b) => isBest(b) - isBest(a) || b.found.mtime - a.found.mtime)
  const best = newest?.facts.best
  if (!newest || !best) return undefined
  const row = rows.findLast(({ step }) => step === best.step)
  if (!row) return unloggedBest(newest, best, rows)
  const holds = ([, value]: [string, unknown]): boolean => {
    if (best.value === null) return true
    return rowHolds(
      { ...row, values: { value: value as number } },
      { value: best.value, digits: null },
    )
  }
  const fitting = Object.entries(row.values).filter(holds).reverse()
  for (const [metric, value] of fitting) {
    const direction = directionAt(rows, row, metric)
    if (direction && isFiniteMeasure(value)) {
      return { path: newest.found.path, step: best.step, metric, direction, value }
    }
  }
  return undefined
}

/** The best iteration has no row if the log has only some of them. The last metric decides. */
function unloggedBest(
  { found }: Candidate,
  { step, value }: NonNullable<Facts['best']>,
  rows: readonly Row[],
): RecordedBest | undefined {
  const metric = Object.keys(rows.at(-1)?.values ?? {}).at(-1)
  const direction = metric === undefined ? undefined : directionOf(metric)
  if (metric === undefined || direction === undefined || value === null) return undefined
  return { path: found.path, step, metric, direction, value }
}

/** As the metric that a run declares. */
export function asDeclared({ path, step, metric, direction }: RecordedBest): InferredMetric {
  const declared_by = `best_iteration ${step} in ${basename(path)}`
  return { metric_for_best: metric, direction, declared_by }
}

/** Whether a row is the lowest or the highest of a metric; undefined if neither, or if its name differs. */
export function directionAt(rows: readonly Row[], row: Row, metric: string): Direction | undefined {
  const values = rows.map((one) => ownValue(one.values, metric)).filter(isFiniteMeasure)
  const value = ownValue(row.values, metric)
  if (!isFiniteMeasure(value)) return undefined
  if (values.every((one) => one >= value) && directionOf(metric) !== 'max') return 'min'
  const isHighest = values.every((one) => one <= value)
  return isHighest && directionOf(metric) !== 'min' ? 'max' : undefined
}
