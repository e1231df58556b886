import { directionOf, ownValue, parsePythonJson, type Direction } from '@bestmark/core'
import { nameWithSplit } from '../events/names.ts'
import { type Facts, factsIn } from './facts.ts'

type Row = Readonly<Record<string, unknown>>
type SkorchFacts = Pick<Facts, 'epoch' | 'step' | 'values' | 'monitor'>

/** skorch's default: `Checkpoint(monitor='valid_loss_best')`. */
const USUAL = 'valid_loss'
const BEST = /^(.+)_best$/
const EVENT = /^event_/
const TRAINING = /^train_/

/**
 * The facts in a history of skorch, which is saved with the weights beside it: its last row is of
 * their epoch. Undefined for any other document.
 */
export function readSkorchFacts(text: string): SkorchFacts | undefined {
  const rows = rowsIn(text)
  const last = rows.at(-1)
  return last && { ...factsIn(measuresOf(last)), monitor: findMonitor(rows) }
}

/**
 * The fields of a row of skorch that are measured: all with a mark, such as `valid_acc_best`. Scores are
 * of held-out data, unless their name says `train`. Other records are unchanged.
 */
export function measuresOf(row: Row): Row {
  if (!isRow(row)) return row
  const measured = Object.entries(row).filter(([name]) => Object.hasOwn(row, `${name}_best`))
  return Object.fromEntries([['epoch', row['epoch']], ...measured.map(named)])
}

function named([name, value]: [string, unknown]): [string, unknown] {
  return [splitName(name), value]
}

function splitName(name: string): string {
  return TRAINING.test(name) ? name : nameWithSplit(name, 'eval')
}

/** skorch keeps the batches of each epoch in its row. */
function rowsIn(text: string): Row[] {
  const rows: unknown = parseOrNothing(text)
  const isSkorch = Array.isArray(rows) && rows.every((row: unknown) => isRow(row))
  return isSkorch ? rows : []
}

function isRow(row: unknown): row is Row {
  return typeof row === 'object' && row !== null && 'batches' in row && Array.isArray(row.batches)
}

/** The metric of a Checkpoint callback: it saved (`event_cp`) in the epochs where the metric was best. */
function findMonitor(rows: readonly Row[]): Facts['monitor'] {
  const names = Object.keys(rows[0] ?? {})
  const metrics = names
    .flatMap((name) => BEST.exec(name)?.[1] ?? [])
    .filter((name) => !TRAINING.test(name))
  for (const event of names.filter((name) => EVENT.test(name))) {
    const isSaved = (row: Row, metric: string) => ownValue(row, event) === isBest(row, metric)
    const same = metrics.filter((one) => rows.every((row) => isSaved(row, one)))
    const metric = same.includes(USUAL) ? USUAL : same[0]
    if (metric === undefined) continue
    const mode = directionOf(metric) ?? directionIn(rows, metric)
    const declared_in = 'saved_epochs'
    return { metric: splitName(metric), mode, declared_in, scores: new Map() }
  }
  return null
}

function isBest(row: Row, metric: string): unknown {
  return ownValue(row, `${metric}_best`)
}

/** Whether a metric was best where it rose or where it fell. */
function directionIn(rows: readonly Row[], metric: string): Direction | null {
  const best = rows
    .filter((row) => isBest(row, metric) === true)
    .map((row) => ownValue(row, metric))
  const [first, last] = [best[0], best.at(-1)]
  if (typeof first !== 'number' || typeof last !== 'number' || first === last) return null
  return last > first ? 'max' : 'min'
}

function parseOrNothing(text: string): unknown {
  try {
    return parsePythonJson(text)
  } catch {
    return undefined
  }
}
