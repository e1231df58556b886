import { type Found, noStep } from '@bestmark/core'
import { type Progress, advance } from '../events/attempts.ts'
import { findTableBase, type NumberedValue } from '../weights/tableBase.ts'
import { type Column, columnsOf, valuesOf } from './columns.ts'
import { cellCount, cells } from '../../files/csv.ts'
import { measuredEvents, type Values } from '../events/newEvents.ts'
import type { FileLine } from '../reader/format.ts'
import { isHeldOut } from '../events/names.ts'

/** The state of a table with one row per epoch. */
export interface TableState extends Progress {
  columns: Column[]
  epoch_at: number
  /** The number of the first epoch, 0 or 1; null before the first row. */
  base: number | null
  /** Numbers in the names of weights, as evidence for it. */
  named?: readonly NumberedValue[]
  isFromZero?: boolean
}

/** The form of a program's table. */
export interface Table {
  separator: string
  isEvaluated?: (name: string) => boolean
  /** Metrics that are computed from the values of a row. */
  also?: (evaluation: Values, step: number) => Values
}

/** Reads a line of a table with one row per epoch. A step is a completed epoch, counted from 1. */
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
  const counted = cellCount(row[state.epoch_at])
  if (counted === undefined || !Number.isSafeInteger(counted) || counted < 0) {
    return [noStep('epoch')]
  }
  const { metrics, evaluation } = valuesOf(state.columns, row)
  state.base ??= findTableBase(counted, evaluation, state)
  const step = counted + 1 - state.base
  const again = advance(state, step)
  const at = { attempt: state.attempt, step, epoch: step }
  const values = { metrics, evaluation: { ...also(evaluation, step), ...evaluation } }
  const measured = measuredEvents(at, values, { file, line })
  return again ? [again, ...measured] : measured
}
