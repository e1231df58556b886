import { type Progress, reach } from '../events/attempts.ts'
import { baseOfTable, type NamedValue } from '../weights/tableBase.ts'
import { type Column, columnsOf, valuesOf } from './columns.ts'
import { cells, numberIn } from '../../files/csv.ts'
import { measuredEvents, type Values } from '../events/events.ts'
import { type Found, noStep } from '../../journal/gate.ts'
import type { FileLine } from '../reader/lineSource.ts'
import { isHeldOut } from '../events/names.ts'

/** What is known of a table with a row an epoch. */
export interface TableState extends Progress {
  columns: Column[]
  epoch_at: number
  /** What an epoch is counted from: 0 or 1, as the first row tells. */
  base: number | null
  /** What the names of weights tell of it. */
  named?: readonly NamedValue[]
}

/** How a program's table is written. */
export interface Table {
  separator: string
  isEvaluated?: (name: string) => boolean
  /** What is measured besides, from the values of a row. */
  also?: (evaluation: Values, step: number) => Values
}

/**
 * Reads a line of a table with a row an epoch. Programs that only count epochs have taken a whole
 * number of them, so a step is an epoch, counted from 1: the first row, 0 or 1, tells the base.
 */
export function tellRow(
  state: TableState,
  { text, line, file }: FileLine,
  { separator, isEvaluated = isHeldOut, also = () => ({}) }: Table,
): Found[] {
  if (text.trim() === '') return []
  const row = cells(text, separator)
  if (line === 1 || row.includes('epoch')) {
    state.epoch_at = row.indexOf('epoch')
    state.columns = columnsOf(row, ['epoch'], isEvaluated)
    return []
  }
  const counted = numberIn(row[state.epoch_at])
  if (counted === undefined || !Number.isSafeInteger(counted) || counted < 0) {
    return [noStep('epoch')]
  }
  const { metrics, evaluation } = valuesOf(state.columns, row)
  state.base ??= baseOfTable(counted, evaluation, state)
  const step = counted + 1 - state.base
  const again = reach(state, step)
  const at = { attempt: state.attempt, step, epoch: step }
  const values = { metrics, evaluation: { ...evaluation, ...also(evaluation, step) } }
  const told = measuredEvents(at, values, { file, line })
  return again ? [again, ...told] : told
}
