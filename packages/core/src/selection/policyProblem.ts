import type { Direction } from '../run/event.ts'
import type { Policy } from '../status/status.ts'
import type { PolicyChoice } from './policyOptions.ts'

/** An option that a policy may take, by its name in `PolicyOptions`. */
export type PolicyOption = 'metric' | 'direction' | 'prefer' | 'coefficients'

/**
 * Why a policy cannot decide, as a code and its parts; see `problemText` for the words.
 * `logged` names the metrics that could be chosen instead; undefined if no run was read.
 */
export type PolicyProblem =
  | { code: 'needs_metric'; logged?: readonly string[] }
  | { code: 'needs_prefer' }
  | { code: 'needs_coefficients' }
  | { code: 'option_without_use'; policy: Policy; option: PolicyOption; value: string | null }
  | { code: 'direction_known'; metric: string; direction: Direction; requested: Direction }
  | { code: 'never_logged'; metric: string; logged: readonly string[] }
  | { code: 'without_value'; metric: string }
  | { code: 'direction_unknown'; metric: string }
  | { code: 'several_losses'; losses: readonly string[] }
  | { code: 'several_metrics'; metrics: readonly string[] }
  | { code: 'only_tests'; metrics: readonly string[] }
  | { code: 'loss_shows_no_progress'; logged: readonly string[] }

/** The problem of a metric without values: it was never logged, or never before a checkpoint. */
export function valueProblem(
  metric: string,
  logged: readonly string[],
  training: readonly string[] = [],
): PolicyProblem {
  if (training.includes(metric)) return { code: 'without_value', metric }
  return { code: 'never_logged', metric, logged }
}

/** The problem with the options of a policy, for any run; null if there is none. */
export function policyProblem(choice: PolicyChoice): PolicyProblem | null {
  return missingOption(choice) ?? unusedOption(choice)
}

/** A required option that is missing. */
export function missingOption({ policy, options }: PolicyChoice): PolicyProblem | null {
  if (policy === 'metric' && options.metric === undefined) return { code: 'needs_metric' }
  if (policy === 'within_noise' && options.prefer === undefined) return { code: 'needs_prefer' }
  const hasCoefficients = Object.keys(options.coefficients ?? {}).length > 0
  if (policy === 'scored' && !hasCoefficients) return { code: 'needs_coefficients' }
  return null
}

/** An option that the policy would ignore. */
function unusedOption({ policy, options }: PolicyChoice): PolicyProblem | null {
  const { metric, direction, prefer, coefficients } = options
  const unused = (option: PolicyOption, value: string | null): PolicyProblem => {
    return { code: 'option_without_use', policy, option, value }
  }
  const hasOwnMetric = policy === 'lowest_eval_loss' || policy === 'as_declared'
  if (hasOwnMetric && metric !== undefined) return unused('metric', metric)
  if (policy === 'lowest_eval_loss' && direction) return unused('direction', direction)
  if (policy !== 'within_noise' && prefer) return unused('prefer', prefer)
  if (policy !== 'scored' && coefficients) return unused('coefficients', null)
  return null
}
