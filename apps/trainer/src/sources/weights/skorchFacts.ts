import { directionOf, parsePythonJson, type Direction } from '@bestmark/core'
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
export function readSkorchFacts(text: string, file: string): SkorchFacts | undefined {
  const rows = rowsIn(text)
  const last = rows.at(-1)
  return last && { ...factsIn(measuresOf(last)), monitor: findMonitor(rows, file) }
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
function findMonitor(rows: readonly Row[], file: string): Facts['monitor'] {
  const names = Object.keys(rows[0] ?? {})
  const metrics = names
    .flatMap((name) => BEST.exec(name)?.[1] ?? [])
    .filter((name) => !TRAINING.test(name))
  const found = names
    .filter((name) => EVENT.test(name))
    .flatMap((event) => {
      const same = metrics.filter((one) => rows.every((row) => row[event] === row[`${one}_best`]))
      const metric = same.includes(USUAL) ? USUAL : same[0]
      return metric === undefined ? [] : [{ metric, event }]
    })
  const [first] = found
  if (!first) return null
  const by = `${first.event} in ${file} (the same epochs as ${first.metric}_best)`
  const mode = directionOf(first.metric) ?? directionIn(rows, first.metric)
  return { metric: splitName(first.metric), mode, by, scores: new Map() }
}

/** Whether a metric was best where it rose or where it fell. */
function directionIn(rows: readonly Row[], metric: string): Direction | null {
  const best = rows.filter((row) => row[`${metric}_best`] === true).map((row) => row[metric])
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
