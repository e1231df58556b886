import type { Direction } from '../run/event.ts'
import type { Policy } from '../status/status.ts'
import type { PolicySettings } from './policyOptions.ts'

/** An option that a policy may take, by its name in `Told`. */
export type PolicyOption = 'metric' | 'direction' | 'prefer' | 'weights'

/**
 * Why a policy cannot decide, as a code and its parts; see `problemText` for the words.
 * `logged` names what could be chosen instead; undefined where no run was looked at.
 */
export type PolicyProblem =
  | { code: 'needs_metric'; logged?: readonly string[] }
  | { code: 'needs_prefer' }
  | { code: 'needs_coefficients' }
  | { code: 'option_without_use'; policy: Policy; option: PolicyOption; value: string | null }
  | { code: 'direction_known'; metric: string; direction: Direction; asked: Direction }
  | { code: 'never_logged'; metric: string; logged: readonly string[] }
  | { code: 'direction_unknown'; metric: string }
  | { code: 'several_losses'; losses: readonly string[] }
  | { code: 'loss_shows_no_progress'; logged: readonly string[] }

/** What is wrong with the options of a policy, whatever the run is; null where nothing is. */
export function policyProblem(settings: PolicySettings): PolicyProblem | null {
  return missingOption(settings) ?? unusedOption(settings)
}

/** An option that the policy cannot be without. */
export function missingOption({ policy, told }: PolicySettings): PolicyProblem | null {
  if (policy === 'metric' && told.metric === undefined) return { code: 'needs_metric' }
  if (policy === 'within_noise' && told.prefer === undefined) return { code: 'needs_prefer' }
  const hasWeights = Object.keys(told.weights ?? {}).length > 0
  if (policy === 'scored' && !hasWeights) return { code: 'needs_coefficients' }
  return null
}

/** An option that the policy would ignore. */
function unusedOption({ policy, told }: PolicySettings): PolicyProblem | null {
  const { metric, direction, prefer, weights } = told
  const unused = (option: PolicyOption, value: string | null): PolicyProblem => {
    return { code: 'option_without_use', policy, option, value }
  }
  const hasOwnMetric = policy === 'lowest_eval_loss' || policy === 'as_declared'
  if (hasOwnMetric && metric !== undefined) return unused('metric', metric)
  if (policy === 'lowest_eval_loss' && direction) return unused('direction', direction)
  if (policy !== 'within_noise' && prefer) return unused('prefer', prefer)
  if (policy !== 'scored' && weights) return unused('weights', null)
  return null
}
