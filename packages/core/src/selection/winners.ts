import { isFiniteMeasure } from '../measured.ts'
import { rank } from './candidates.ts'
import { directionOf, isLoss, isTest, withoutSplit } from './direction.ts'
import { byStep, detailOf, finder, measureOf, metricNames } from './evaluations.ts'
import type { Winner } from './explanation.ts'
import type { Explained } from './readings.ts'
import type { Evaluation, Ranked } from './selection.ts'
import { select, type SelectionInput } from './select.ts'
import { isPreferenceTraining } from './undeclared.ts'

/** More metrics than these are not compared: a sentence must stay readable. */
const MOST = 12

/** Task metrics that say most go first: where classes are imbalanced, before accuracy. */
const ORDER = ['macro', 'f1', 'auprc', 'wer', 'cer', 'accuracy']

/** What every other metric with a known direction would choose among the same candidates. */
export function winnersOf(given: Explained, input: SelectionInput): Winner[] {
  const { selection, evaluations } = given
  const candidates = selection.ranking.toSorted(byStep)
  return heardMetrics(evaluations)
    .filter((name) => name !== selection.metric)
    .flatMap((metric) => winner(given, input, { metric, candidates }) ?? [])
    .slice(0, MOST)
}

/** Held-out metrics, the most telling first; in preference training no loss has a voice. */
function heardMetrics(evaluations: readonly Evaluation[]): string[] {
  const names = metricNames(evaluations).filter((name) => !isTest(name))
  const isMuted = isPreferenceTraining(names)
  return names.filter((name) => !(isMuted && isLoss(name))).sort((a, b) => orderOf(a) - orderOf(b))
}

function orderOf(metric: string): number {
  const name = withoutSplit(metric)
  const place = ORDER.findIndex((token) => name.includes(token))
  return place === -1 ? ORDER.length : place
}

function winner(
  { selection, evaluations }: Explained,
  { declaration }: SelectionInput,
  { metric, candidates: all }: { metric: string; candidates: readonly Ranked[] },
): Winner | undefined {
  const direction = declaration.directions?.[metric] ?? directionOf(metric)
  if (!direction) return undefined
  const evaluationOf = finder(evaluations)
  const candidates = all.flatMap((one): Ranked[] => {
    const evaluation = evaluationOf(one)
    const value = evaluation && measureOf(evaluation, metric)
    if (!evaluation || !isFiniteMeasure(value)) return []
    return [{ ...one, value, score: null, origin: detailOf(evaluation, metric).origin }]
  })
  const [best] = rank(candidates, direction)
  if (!best || candidates.length < 2) return undefined
  const { step, attempt } = selection.best ?? {}
  return { metric, direction, best, agrees: best.step === step && best.attempt === attempt }
}

/** What each metric would choose were it told to decide, where nothing else does. */
export function separateWinners(
  input: SelectionInput,
  evaluations: readonly Evaluation[],
): Winner[] {
  return heardMetrics(evaluations)
    .slice(0, MOST)
    .flatMap((metric): Winner[] => {
      const told = { metric, subject_to: input.told?.subject_to ?? [] }
      const { best, direction } = select({ ...input, policy: 'metric', told })
      return best && direction ? [{ metric, direction, best, agrees: false }] : []
    })
}
