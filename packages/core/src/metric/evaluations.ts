import type { Measured } from '../measured.ts'
import type { Detail, Evaluation } from '../run/rows.ts'
import { isTest, withoutSplit } from './direction.ts'
import { ownMeasure, ownValue } from '../named.ts'
import { byStep, type StepKey } from '../run/keys.ts'

/** Rates, times and errors that are logged with an evaluation; they do not measure the weights. */
const NO_MEASURE =
  /(^|[_/])(runtime|samples_per_second|steps_per_second|preparation_time|samples|stderr)$/

/** One measurement; undefined if there is none, for any name. */
export function measureOf(
  { values }: Pick<Evaluation, 'values'>,
  metric: string,
): Measured | undefined {
  return ownMeasure(values, metric)
}

/** Details of one measured value: its origin, its samples and who scored it. */
export function detailOf({ details, origin, samples = null }: Evaluation, metric: string): Detail {
  return ownValue(details, metric) ?? { origin, samples }
}

/** The metric that a standard error's name belongs to; undefined for any other name. */
export function metricOfError(name: string): string | undefined {
  return name.endsWith(ERROR) ? name.slice(0, -ERROR.length) : undefined
}

const ERROR = '_stderr'

/**
 * One evaluation for each (attempt, step), in order of step, then attempt. The first measurement of
 * a metric counts; repeats of it are dropped. O(n) if they arrive in order, otherwise O(n log n).
 */
export function firstEvaluations(evaluations: readonly Evaluation[]): readonly Evaluation[] {
  if (isAscending(evaluations)) return evaluations
  const firsts: Evaluation[] = []
  // The sort is stable, so the first to arrive stays first.
  for (const evaluation of [...evaluations].sort(byStep)) {
    const last = firsts.at(-1)
    if (last && byStep(last, evaluation) === 0) firsts[firsts.length - 1] = joined(last, evaluation)
    else firsts.push(evaluation)
  }
  return firsts
}

function isAscending(evaluations: readonly Evaluation[]): boolean {
  let before: Evaluation | undefined
  for (const evaluation of evaluations) {
    if (before && byStep(before, evaluation) >= 0) return false
    before = evaluation
  }
  return true
}

/** What a later evaluation of the same weights adds to the first. */
function joined(first: Evaluation, later: Evaluation): Evaluation {
  const isLogged = (name: string): boolean => Object.hasOwn(first.values, name)
  // The standard error of a repeated value does not belong to the first value.
  const added = Object.keys(later.values).filter(
    (name) => !isLogged(name) && !isLogged(metricOfError(name) ?? name),
  )
  if (added.length === 0) return first
  const values = Object.fromEntries(
    added.map((name) => [name, ownValue(later.values, name) ?? null]),
  )
  const details = Object.fromEntries(added.map((name) => [name, detailOf(later, name)]))
  return {
    ...first,
    epoch: first.epoch ?? later.epoch,
    values: { ...first.values, ...values },
    details: { ...first.details, ...details },
  }
}

/**
 * Finds the first row of an attempt and step among rows in order of step. Ascending look-ups cost
 * O(1) each, others O(log n).
 */
export class Finder<Row extends StepKey> {
  readonly #rows: readonly Row[]
  #next = 0

  constructor(rows: readonly Row[]) {
    this.#rows = rows
  }

  find({ attempt, step }: { attempt: number; step: number | null }): Row | undefined {
    if (step === null) return undefined
    const next = this.#rows[this.#next]
    if (isAt(next, attempt, step) && !isAt(this.#rows[this.#next - 1], attempt, step)) {
      this.#next++
      return next
    }
    return this.#search({ attempt, step })
  }

  #search(weights: StepKey): Row | undefined {
    const at = lowerBound(this.#rows, weights)
    const found = this.#rows[at]
    const isFound = isAt(found, weights.attempt, weights.step)
    this.#next = isFound ? at + 1 : at
    return isFound ? found : undefined
  }
}

function isAt<Row extends StepKey>(
  row: Row | undefined,
  attempt: number,
  step: number,
): row is Row {
  return row?.step === step && row.attempt === attempt
}

/** `find` of a new `Finder`. */
export function finder<Row extends StepKey>(rows: readonly Row[]): Finder<Row>['find'] {
  const found = new Finder(rows)
  return (weights) => found.find(weights)
}

function lowerBound(rows: readonly StepKey[], weights: StepKey): number {
  let [low, high] = [0, rows.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    const row = rows[middle]
    if (row && byStep(row, weights) < 0) low = middle + 1
    else high = middle
  }
  return low
}

/** Names of everything logged with evaluations, in order of first appearance, with rates and times. */
export function loggedNames(evaluations: readonly Evaluation[]): string[] {
  const names: string[] = []
  const known = new Set<string>()
  for (const { values } of evaluations) {
    let position = 0
    for (const name in values) {
      // Most evaluations have the same names in the same order, so they need no look-up.
      if (names[position++] === name || known.has(name)) continue
      known.add(name)
      names.push(name)
    }
  }
  return names
}

/** Names of everything measured, in order of first appearance, without rates, times and errors. */
export function metricNames(evaluations: readonly Evaluation[]): string[] {
  return loggedNames(evaluations).filter((name) => !NO_MEASURE.test(name))
}

/**
 * The logged name of a metric: trainers accept `loss` for `eval_loss`, and some programs use `val_loss`.
 * Otherwise the only held-out name that differs in its split alone: AllenNLP's `accuracy` is logged as
 * `validation_accuracy`.
 */
export function asLogged(metric: string, names: readonly string[]): string {
  if (names.includes(metric) || isTest(metric)) return metric
  const wanted = withoutSplit(metric)
  const logged = `eval_${wanted}`
  if (names.includes(logged)) return logged
  const alike = names.filter((name) => !isTest(name) && bareName(name) === wanted)
  return alike.length === 1 && alike[0] !== undefined ? alike[0] : metric
}

/** A name without its splits: the folder of a log may repeat the one in the name. */
function bareName(name: string): string {
  return withoutSplit(withoutSplit(name))
}
