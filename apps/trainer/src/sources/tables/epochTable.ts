import { type Progress, advance } from '../events/attempts.ts'
import { findTableBase, type NumberedValue } from '../weights/tableBase.ts'
import { type Column, columnsOf, valuesOf } from './columns.ts'
import { cells, numberIn } from '../../files/csv.ts'
import { measuredEvents, type Values } from '../events/newEvents.ts'
import { type Found, noStep } from '../../journal/gate.ts'
import type { FileLine } from '../reader/format.ts'
import { isHeldOut } from '../events/names.ts'

/** What is known of a table with a row an epoch. */
export interface TableState extends Progress {
  columns: Column[]
  epoch_at: number
  /** What an epoch is counted from: 0 or 1, as the first row tells. */
  base: number | null
  /** What the names of weights tell of it. */
  named?: readonly NumberedValue[]
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
export function readRow(
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
  state.base ??= findTableBase(counted, evaluation, state)
  const step = counted + 1 - state.base
  const again = advance(state, step)
  const at = { attempt: state.attempt, step, epoch: step }
  const values = { metrics, evaluation: { ...evaluation, ...also(evaluation, step) } }
  const measured = measuredEvents(at, values, { file, line })
  return again ? [again, ...measured] : measured
}
