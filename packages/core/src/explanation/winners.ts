import { byStep, isSameStep } from '../run/keys.ts'
import type { SelectionInput } from '../selection/input.ts'
import type { Evaluation } from '../run/rows.ts'
import type { Direction } from '../run/event.ts'
import { isFiniteMeasure } from '../measured.ts'
import { leadersOf } from '../selection/leaders.ts'
import { directionOf } from '../metric/directionOf.ts'
import { asLoggedConditions } from '../selection/conditions.ts'
import { betterEvaluation } from '../selection/missed.ts'
import { detailOf, finder, measureOf, metricNames } from '../metric/evaluations.ts'
import type { Winner, ExplanationInput } from './explanation.ts'
import { decisiveMetrics } from './choices.ts'
import type { Ranked } from '../selection/selection.ts'
import { select } from '../selection/select.ts'
import { ownValue } from '../named.ts'

/** At most this many metrics are compared, so that the sentence stays readable. */
const MOST = 12

/** What every other metric with a known direction would choose among the same candidates. */
export function winnersOf(given: ExplanationInput, input: SelectionInput): Winner[] {
  const { selection, evaluations } = given
  const candidates = selection.ranking.toSorted(byStep)
  return decisiveMetrics(evaluations)
    .filter((metric) => metric !== selection.metric)
    .flatMap((metric) => {
      const direction = directionIn(input, metric)
      return direction ? [{ metric, direction, candidates }] : []
    })
    .slice(0, MOST)
    .flatMap((other) => winner(given, input, other) ?? [])
}

function directionIn({ declaration }: SelectionInput, metric: string): Direction | undefined {
  return ownValue(declaration.directions, metric) ?? directionOf(metric)
}

function winner(
  { selection, evaluations }: ExplanationInput,
  input: SelectionInput,
  {
    metric,
    direction,
    candidates: all,
  }: { metric: string; direction: Direction; candidates: readonly Ranked[] },
): Winner | undefined {
  const evaluationOf = finder(evaluations)
  const candidates = all.flatMap((one): Ranked[] => {
    const evaluation = evaluationOf(one)
    const value = evaluation && measureOf(evaluation, metric)
    if (!evaluation || !isFiniteMeasure(value)) return []
    return [{ ...one, value, score: null, origin: detailOf(evaluation, metric).origin }]
  })
  const values = Float64Array.from(candidates, ({ value }) => value)
  const top = candidates[leadersOf([{ from: 0, values }], direction).best]
  if (!top || candidates.length < 2) return undefined
  // The chosen checkpoint agrees also if it only shares the best value.
  const same = candidates.find((one) => one.value === top.value && isSameStep(one, selection.best))
  const best = same ?? top
  const missed = missedOf({ metric, direction, best, evaluations }, input)
  return { metric, direction, best, agrees: same !== undefined, missed }
}

/** The better evaluation without a checkpoint, as for the deciding metric. */
function missedOf(
  {
    metric,
    direction,
    best,
    evaluations,
  }: Pick<Winner, 'metric' | 'direction' | 'best'> & { evaluations: readonly Evaluation[] },
  { among, checkpoints, options }: SelectionInput,
): Winner['missed'] {
  if (among === 'evaluations') return null
  const conditions = asLoggedConditions(options?.subject_to ?? [], metricNames(evaluations))
  const given = { evaluations, checkpoints }
  const { missed_best } = betterEvaluation(given, { metric, conditions }, direction, best)
  return missed_best && { step: missed_best.step, value: missed_best.value }
}

/** What each metric would choose if it decided, used when nothing else decides. */
export function separateWinners(
  input: SelectionInput,
  evaluations: readonly Evaluation[],
): Winner[] {
  return decisiveMetrics(evaluations)
    .slice(0, MOST)
    .flatMap((metric): Winner[] => {
      const options = { metric, subject_to: input.options?.subject_to ?? [] }
      const selection = select({ ...input, policy: 'metric', options })
      const { best, direction, missed_best } = selection
      if (!best || !direction) return []
      const missed = missed_best && { step: missed_best.step, value: missed_best.value }
      return [{ metric, direction, best, agrees: false, missed }]
    })
}
