import {
  grouped,
  isFiniteMeasure,
  type Measured,
  ownValue,
  readMeasured,
  type TrainingEvent,
  readerNote,
} from '@bestmark/core'
import { isRate, findLastStep, rowsAfter, findFinalWeights } from './finalWeights.ts'
import { evaluatedSets } from './evaluatedSets.ts'
import { measuredEvents } from '../events/newEvents.ts'
import type { Results } from './resultsFiles.ts'
import type { TrainerState } from './trainerState.ts'

/** The state of the run with the results. */
interface StateOfResults {
  state: TrainerState
  attempt: number
  /** Whether the best checkpoint was loaded after training; null if unknown. */
  loads: boolean | null
}

/**
 * Adds values that the log does not have at the step of the final weights. If a value is in both, it is
 * used once. If the two differ, the log's value is used.
 */
export function addedResults(
  results: Results,
  { state, attempt, loads }: StateOfResults,
): TrainingEvent[] {
  const { file, values, problems } = results
  const notes = problems.map((note) => readerNote(attempt, note))
  const names = Object.keys(values)
  if (names.length === 0) return notes
  const last = findLastStep(state, results.epoch)
  if (last === undefined) {
    const why = `no trainer_state.json has the step of epoch ${results.epoch}`
    const text = `Ignored the metrics in ${file}: ${why}`
    return [...notes, readerNote(attempt, { code: 'results_ignored', text })]
  }
  const { step, why } = findFinalWeights(state, last, { loads, values })
  const row = rowOf(state, step, loads)
  const others = names.filter(
    (name) => isOther(ownValue(values, name), ownValue(row, name)) && !isRate(name),
  )
  if (others.length > 0) {
    const text = `${file} and trainer_state.json differ in ${others.join(', ')} at step ${grouped(step)}. The value in trainer_state.json is used`
    notes.push(readerNote(attempt, { code: 'values_differ', text }))
  }
  const added = withoutRates(names.filter((name) => !Object.hasOwn(row, name)))
  if (added.length === 0) return notes
  const shown = added.filter((name) => !isRate(name)).join(', ')
  const text = `${file} adds ${shown} at step ${grouped(step)} (${why})`
  const logged_epoch = readMeasured(row['epoch'])
  const epoch = isFiniteMeasure(logged_epoch) ? logged_epoch : null
  const at = { attempt, step, epoch }
  const note = readerNote(attempt, { code: 'values_added', text }, 'info')
  return [...notes, note, ...evaluations(results, added, at)]
}

/** All logged values of a step's weights. */
function rowOf(state: TrainerState, step: number, loads: boolean | null): Record<string, unknown> {
  const after = rowsAfter(state)
  const rows = state.log_history.filter((row) => {
    if (!after.has(row)) return row.step === step
    return findFinalWeights(state, row.step, { loads, values: row }).step === step
  })
  return Object.fromEntries(rows.toReversed().flatMap((row) => Object.entries(row)))
}

/** The evaluations in results, at one step. */
export function evaluations(
  { values, origins }: Results,
  names: readonly string[],
  at: { attempt: number; step: number; epoch: number | null },
): TrainingEvent[] {
  const some = Object.fromEntries(names.map((name) => [name, ownValue(values, name) ?? null]))
  return evaluatedSets(some).flatMap((set): TrainingEvent[] => {
    const setNames = Object.keys(set.values)
    const [first] = setNames.flatMap((name) => ownValue(origins, name) ?? [])
    if (!first) return []
    const lines = setNames.flatMap((name): [string, number][] => {
      const { file, line } = ownValue(origins, name) ?? first
      return file === first.file && line !== null ? [[name, line]] : []
    })
    return measuredEvents(at, { metrics: {}, evaluation: set.values }, first, set.samples).map(
      (event) =>
        event.type === 'evaluation' ? { ...event, lines: Object.fromEntries(lines) } : event,
    )
  })
}

/** No names if all are rates: then there is no evaluation. */
function withoutRates(names: readonly string[]): readonly string[] {
  return names.every(isRate) ? [] : names
}

function isOther(value: Measured | undefined, logged: unknown): boolean {
  return logged !== undefined && !Object.is(value, logged)
}
