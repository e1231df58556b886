import type { Measured } from '../measured.ts'
import { evaluations } from '../selection/testing.ts'
import type { BacktestRun } from './replay.ts'
import type { Backtest, PolicyFigures } from './figures.ts'

/** A run of a group with evaluations at steps 100, 200, … of these values, in order. */
export function aRun(
  name: string,
  group: string,
  values: readonly Record<string, Measured>[],
  given: Partial<BacktestRun> = {},
): BacktestRun {
  return {
    ...{ name, group, context: {}, among: 'evaluations' },
    rows: {
      declaration: { metric: null, direction: null, declared_by: null },
      claim: null,
      save_steps: null,
      evaluations: evaluations(...values.map((one, index) => [100 * (index + 1), one] as const)),
      checkpoints: [],
    },
    ...given,
  }
}

/** The evaluations of a run from one column of losses and one of accuracies. */
export function curves(
  losses: readonly Measured[],
  accuracies: readonly Measured[],
): Record<string, Measured>[] {
  return losses.map((eval_loss, index) => ({ eval_loss, eval_accuracy: accuracies[index] ?? null }))
}

/** The result of one policy. */
export function figuresOf({ policies }: Backtest, policy: string): PolicyFigures {
  const found = policies.find((one) => one.policy === policy)
  if (!found) throw new Error(`no ${policy} among ${policies.map((one) => one.policy).join(', ')}`)
  return found
}
