import { type Measured, setOwn } from '@bestmark/core'
import { cells, headOf, numberIn } from '../../files/csv.ts'

/** One evaluation in a table of sentence-transformers. */
export interface EvaluatorRow {
  file: string
  line: number
  attempt: number
  /** Counted from 0, or a fraction if the steps are those of the whole training. */
  epoch: number
  /** Null at the end of an epoch. */
  steps: number | null
  values: Record<string, Measured>
}

/** How the steps of an epoch add up. */
export interface EpochLength {
  steps: number
  /** Whether the files show it. If not, it is the fewest possible steps. */
  isSure: boolean
}

/** Whether a text begins like a table of an evaluator. */
export function isEvaluatorTable(text: string): boolean {
  const [epoch, steps, ...others] = headOf(text)
  return epoch === 'epoch' && steps === 'steps' && others.length > 0
}

/** The rows of a table. A row of epoch -1 was measured after training, on weights that it does not name. */
export function readEvaluatorRows(text: string, file: string): EvaluatorRow[] {
  const [head = '', ...lines] = text.split(/\r?\n/)
  const names = headOf(head)
  const rows: EvaluatorRow[] = []
  let attempt = 0
  for (const [index, line] of lines.entries()) {
    const row = cells(line)
    const [epoch, counted] = [numberIn(row[0]), numberIn(row[1])]
    if (epoch === undefined || counted === undefined || epoch < 0) continue
    const steps = counted < 0 ? null : counted
    const before = rows.at(-1)
    // A second training appends to the same file.
    if (before && !isLater(before, { epoch, steps })) attempt++
    rows.push({ file, line: index + 2, attempt, epoch, steps, values: valuesOf(names, row) })
  }
  return rows
}

function isLater(
  before: Pick<EvaluatorRow, 'epoch' | 'steps'>,
  { epoch, steps }: Pick<EvaluatorRow, 'epoch' | 'steps'>,
): boolean {
  return (
    epoch > before.epoch ||
    (epoch === before.epoch && (steps ?? Infinity) > (before.steps ?? Infinity))
  )
}

function valuesOf(names: readonly string[], row: readonly string[]): Record<string, Measured> {
  const values: Record<string, Measured> = {}
  names.forEach((name, index) => {
    const value = numberIn(row[index])
    if (index > 1 && value !== undefined) setOwn(values, name, value)
  })
  return values
}

/** Whether the steps begin again in each epoch, and the end of an epoch has no step. */
export function isWithinEpochs(rows: readonly EvaluatorRow[]): boolean {
  return rows.some(({ steps }) => steps === null)
}

/**
 * The steps of one epoch; null if no row is within an epoch. `saved` are the numbers in the names of
 * checkpoints, which count all steps: the last one is saved at the end of training.
 */
export function findEpochLength(
  rows: readonly EvaluatorRow[],
  saved: readonly number[],
): EpochLength | null {
  const counts = rows.flatMap(({ steps }) => steps ?? [])
  if (counts.length === 0) return null
  const [most, every] = [Math.max(...counts), Math.min(...counts)]
  const epochs = Math.max(0, ...rows.map(({ epoch, steps }) => (steps === null ? epoch + 1 : 0)))
  const length = Math.max(0, ...saved) / Math.max(1, epochs)
  const isPossible = Number.isSafeInteger(length) && length >= most && length < most + every
  if (isPossible) return { steps: length, isSure: true }
  // The last steps of an epoch and its end are the same weights if they have the same values.
  const isFull = rows.some((row, index) => {
    const next = rows[index + 1]
    const isEnd = row.steps === most && next?.steps === null && next.epoch === row.epoch
    return isEnd && JSON.stringify(next.values) === JSON.stringify(row.values)
  })
  return isFull ? { steps: most, isSure: true } : { steps: most + 1, isSure: false }
}

/** The completed steps of a row, or its completed epochs if no row has steps. */
export function stepOfRow(
  { epoch, steps }: Pick<EvaluatorRow, 'epoch' | 'steps'>,
  { isWithin, length }: { isWithin: boolean; length: EpochLength | null },
): { step: number; epoch: number } {
  if (length === null) return { step: epoch + 1, epoch: epoch + 1 }
  if (!isWithin) return { step: steps ?? 0, epoch }
  const part = steps ?? length.steps
  return { step: epoch * length.steps + part, epoch: epoch + part / length.steps }
}
