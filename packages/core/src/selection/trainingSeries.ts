import { partsOf } from '../metric/aggregate.ts'
import { asLogged, loggedNames } from '../metric/evaluations.ts'
import { stepKey, type StepKey } from '../run/keys.ts'
import type { Evaluation } from '../run/rows.ts'
import type { Measured } from '../measured.ts'
import type { SelectionInput } from './input.ts'

/** The metrics that a person or the run itself named, and that no evaluation has. */
export function unmeasuredMetrics(
  input: Pick<SelectionInput, 'options' | 'declaration' | 'evaluations'>,
): string[] {
  const named = namedMetrics(input)
  if (named.length === 0) return []
  const measured = loggedNames(input.evaluations)
  return named.filter((name) => !measured.includes(asLogged(name, measured)))
}

function namedMetrics({
  options = {},
  declaration,
}: Pick<SelectionInput, 'options' | 'declaration'>): string[] {
  const declared = declaration.metric_is_inferred ? null : declaration.metric
  const conditions = options.subject_to?.map(({ metric }) => metric) ?? []
  const named = [options.metric, options.undeclared?.metric, declared, ...conditions]
  return named.flatMap((metric) => (metric == null ? [] : (partsOf(metric) ?? [metric])))
}

/**
 * The evaluations, with the values of named metrics that the run only logged while training. Such a
 * metric has a value at each checkpoint and each evaluation. O(named × (evaluations + checkpoints)).
 */
export function withTraining(input: SelectionInput): readonly Evaluation[] {
  const { evaluations, checkpoints, training } = input
  if (!training) return evaluations
  const names = unmeasuredMetrics(input).filter((name) => training.names.includes(name))
  if (names.length === 0) return evaluations
  const at = new Map<string, StepKey>()
  for (const { attempt, step } of [...evaluations, ...checkpoints]) {
    if (step !== null) at.set(stepKey({ attempt, step }), { attempt, step })
  }
  const added = [...at.values()].flatMap(({ attempt, step }): Evaluation[] => {
    const values = names.flatMap((name): [string, Measured][] => {
      const value = training.before(name, { attempt, step })
      return value === null ? [] : [[name, value]]
    })
    if (values.length === 0) return []
    return [{ attempt, step, epoch: null, values: Object.fromEntries(values), origin: null }]
  })
  return [...evaluations, ...added]
}
