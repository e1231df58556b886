import { isFiniteMeasure } from '../measured.ts'
import { rank } from './candidates.ts'
import { directionOf, isLoss, isTest, withoutSplit } from './direction.ts'
import { byStep, detailOf, finder, measureOf, metricNames } from './evaluations.ts'
import type { Question, Winner } from './explanation.ts'
import { figure } from './figure.ts'
import type { Explained } from './readings.ts'
import type { Decider } from './metric.ts'
import type { Ranked } from './selection.ts'
import type { SelectionInput } from './select.ts'
import { isPreferenceTraining } from './undeclared.ts'

/** More metrics than these are not compared: a sentence must stay readable. */
const MOST = 12

/** Task metrics that say most go first: where classes are imbalanced, before accuracy. */
const ORDER = ['macro', 'f1', 'auprc', 'wer', 'cer', 'accuracy']

/** What every other metric with a known direction would choose among the same candidates. */
export function winnersOf(given: Explained, input: SelectionInput): Winner[] {
  const { selection, evaluations } = given
  const names = metricNames(evaluations).filter(
    (name) => name !== selection.metric && !isTest(name),
  )
  // In preference training no loss is a second voice.
  const isMuted = isPreferenceTraining(names)
  const heard = names.filter((name) => !(isMuted && isLoss(name)))
  const candidates = selection.ranking.toSorted(byStep)
  return heard
    .sort((a, b) => orderOf(a) - orderOf(b))
    .flatMap((metric) => winner(given, input, { metric, candidates }) ?? [])
    .slice(0, MOST)
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

/** As many metrics as are asked about. */
const ASKED = 3

/**
 * What is asked once per project: nothing was declared, and task metrics would pick another
 * checkpoint than the loss does. Null where there is nothing to ask.
 */
export function questionOf(
  { selection, context }: Explained,
  decided: Decider,
  input: SelectionInput,
  winners: readonly Winner[],
): Question | null {
  const { best, metric, direction } = selection
  const asks = input.policy === 'as_declared' && decided.basis === 'nobody'
  if (!asks || input.told?.undeclared || input.told?.metric !== undefined || !best) return null
  const others = winners.filter((one) => !one.agrees && !isLoss(one.metric)).slice(0, ASKED)
  if (others.length === 0) return null
  const choices = [{ metric, direction, best, agrees: true }, ...others]
  const picks = choices.map(
    (one) => `${one.metric} picks step ${one.best.step} (${figure(one.best.value)})`,
  )
  const where = context.project ? ` in ${context.project}` : ''
  return {
    choices,
    text: `Nobody declared what decides: ${picks.join(', ')}. Which one decides${where}?`,
  }
}
