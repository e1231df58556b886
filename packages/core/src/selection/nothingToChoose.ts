import type { Evaluation } from '../run/rows.ts'
import type { Direction } from '../run/event.ts'
import { isFiniteMeasure } from '../measured.ts'
import { isBetter } from '../metric/direction.ts'
import { measureOf } from '../metric/evaluations.ts'
import type { NothingToChoose } from './selection.ts'
import { grouped } from '../metric/figure.ts'

/** What to do if too little was evaluated. */
const SCORE =
  'To compare more checkpoints: bestmark eval JOB -- COMMAND {checkpoint}, or bestmark score CHECKPOINT name=value.'

/**
 * Whether there is nothing to choose between: no evaluation, one, or a metric that was still
 * improving when a run of less than one epoch ended. Null if there is a choice.
 */
export function nothingToChoose(
  evaluations: readonly Evaluation[],
  metric: string,
  direction: Direction,
): NothingToChoose | null {
  const isMeasured = (one: Evaluation): boolean => isFiniteMeasure(measureOf(one, metric))
  const first = evaluations.find(isMeasured)
  const last = evaluations.findLast(isMeasured)
  if (!first) return unmeasured(evaluations, metric)
  if (first === last) {
    const text = `${metric} was measured only once, at step ${grouped(first.step)}, so there is nothing to compare. ${SCORE}`
    return { code: 'one_evaluation', text }
  }
  const epoch = last?.epoch ?? null
  if (epoch === null || epoch >= 1) return null
  if (!improvedThroughout(evaluations.filter(isMeasured), metric, direction)) return null
  const text = `${metric} was still improving when the run ended in its first epoch. The last evaluation is the best so far.`
  return { code: 'still_falling', text }
}

/** Says that the metric, or everything, was never measured, and what to do. */
export function unmeasured(
  evaluations: readonly Evaluation[],
  metric: string | null,
): NothingToChoose {
  const what = evaluations.length === 0 ? 'No evaluation was found' : `${metric} was not measured`
  return { code: 'no_evaluation', text: `${what}, so there is nothing to compare. ${SCORE}` }
}

/** Whether every value is better than the one before it. */
function improvedThroughout(
  measured: readonly Evaluation[],
  metric: string,
  direction: Direction,
): boolean {
  return measured.every((one, index) => {
    const before = measured[index - 1]
    if (!before) return true
    return isBetter(measureOf(one, metric) ?? NaN, measureOf(before, metric) ?? NaN, direction)
  })
}
