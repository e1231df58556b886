import { setOwn } from '@bestmark/core'
import type { Values } from '../events/newEvents.ts'
import { cellNumber } from '../../files/csv.ts'
import { heldOutName, isHeldOut, isBatchValue, findTrainingLoss } from '../events/names.ts'

/** A column of a table. Plain data, because it is stored in the cursor. */
export interface Column {
  name: string
  kind: 'evaluation' | 'metrics'
  index: number
}

/** The columns with metrics in a table's head. */
export function columnsOf(
  head: readonly string[],
  counting: readonly string[],
  isEvaluated: (name: string) => boolean = isHeldOut,
): Column[] {
  const loss = findTrainingLoss(head)
  return head.flatMap((name, index): Column[] => {
    if (name === '' || counting.includes(name) || isBatchValue(name)) return []
    if (isEvaluated(name)) return [{ name: heldOutName(name), kind: 'evaluation', index }]
    return [{ name: name === loss ? 'loss' : name, kind: 'metrics', index }]
  })
}

/** The values of a row by kind. A cell without a number is a missing value. */
export function valuesOf(
  columns: readonly Column[],
  row: readonly string[],
): { metrics: Values; evaluation: Values } {
  const values = { metrics: {} as Values, evaluation: {} as Values }
  for (const { name, kind, index } of columns) {
    const value = cellNumber(row[index])
    if (value !== undefined) setOwn(values[kind], name, value)
  }
  return values
}
