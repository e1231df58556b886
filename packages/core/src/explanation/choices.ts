import { isLoss, isTest, withoutSplit } from '../metric/direction.ts'
import { metricNames } from '../metric/evaluations.ts'
import { overallFirst } from '../metric/overall.ts'
import type { Evaluation } from '../run/rows.ts'
import { isPreferenceTraining } from '../selection/undeclared.ts'

/** The most informative task metrics first: with imbalanced classes, macro and F1 before accuracy. */
const ORDER = ['macro', 'f1', 'auprc', 'wer', 'cer', 'accuracy']

/**
 * Held-out metrics: the most informative first, those of single classes last. In preference training
 * losses are left out. Those of a test set count only if nothing else was measured.
 */
export function decisiveMetrics(evaluations: readonly Evaluation[]): string[] {
  const all = metricNames(evaluations)
  const validated = all.filter((name) => !isTest(name))
  const names = validated.length > 0 ? validated : all
  const isMuted = isPreferenceTraining(names)
  return overallFirst(
    names.filter((name) => !(isMuted && isLoss(name))),
    orderOf,
  )
}

function orderOf(metric: string): number {
  const name = withoutSplit(metric)
  const position = ORDER.findIndex((token) => name.includes(token))
  return position === -1 ? ORDER.length : position
}
