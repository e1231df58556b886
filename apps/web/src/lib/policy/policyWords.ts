import type {
  Basis,
  Direction,
  Policy,
  PolicyChoice,
  PolicyOptions,
  Question,
} from '@bestmark/core'
import type { JobDetail } from '../api.ts'

/** The texts of each policy where a person chooses one. */
export const POLICY_LINES: Record<Policy, { name: string; line: string }> = {
  as_declared: {
    name: 'As declared',
    line: 'The metric that the run declares. If it declares none: the lowest eval_loss.',
  },
  lowest_eval_loss: {
    name: 'Lowest eval_loss',
    line: 'Always the lowest eval_loss.',
  },
  metric: { name: 'A metric', line: 'The best value of one metric.' },
  within_noise: {
    name: 'Within noise',
    line: 'The earliest or the latest checkpoint within the noise of the best.',
  },
  scored: {
    name: 'Scored',
    line: 'A weighted score of several readings. A backtest on this board found the coefficients.',
  },
}

/** Whether lower or higher values of a metric are better, in a word. */
export function betterWord(direction: Direction): string {
  return direction === 'min' ? 'lower is better' : 'higher is better'
}

/** A policy with its options, as the history names it; null means inherited. */
export function policyWords(
  policy: Policy | null,
  options: PolicyOptions,
  scope: 'job' | 'project',
): string {
  if (policy === null) return scope === 'job' ? 'the project’s policy' : 'the default policy'
  const { metric, direction, prefer, undeclared } = options
  const parts = [POLICY_LINES[policy].name.toLowerCase()]
  if (policy === 'metric' && metric !== undefined) {
    parts[0] = direction ? `${metric}, ${betterWord(direction)}` : metric
  }
  if (prefer) parts.push(prefer)
  if (undeclared) parts.push(`${undeclared.metric} for runs that declare no metric`)
  return parts.join(', ')
}

/** The verb on the button that applies a policy. */
export function decideWords({ policy, options }: PolicyChoice): string {
  if (policy === 'metric') return options.metric ? `Let ${options.metric} decide` : 'Let it decide'
  if (policy === 'within_noise') return `Take the ${options.prefer ?? 'earliest'} within noise`
  if (policy === 'lowest_eval_loss') return 'Let the lowest eval_loss decide'
  return policy === 'scored' ? 'Let the score decide' : 'Decide as declared'
}

/** Which policy a person chose, who and when; empty if nobody did, or if the basis says it. */
export function chosenWords(
  { policy_from, policy_options: options }: Pick<JobDetail, 'policy_from' | 'policy_options'>,
  policy: Policy,
  basis: Basis,
): string {
  if (policy_from === 'default' || !options.by) return ''
  // The line about who decides already names the person.
  if (basis === 'chosen' || basis === 'project') return ''
  const whose = policy_from === 'project' ? 'for the project' : 'for this job'
  return `Policy ${policyWords(policy, options, policy_from)}, chosen ${whose} by ${options.by}.`
}

/** A question on the page, where the card says why and the choices say what they would pick. */
export const QUESTIONS: Record<Question['code'], string> = {
  undeclared: 'Which metric decides?',
  scores: 'Scores measured after training pick another checkpoint. Which metric decides?',
}
