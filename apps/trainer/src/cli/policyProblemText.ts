import { Feature, lowOrHigh, type PolicyProblem, problemText } from '@bestmark/core'

/** Explains a problem of a policy with the options of the command line. */
export function optionProblemText(problem: PolicyProblem): string {
  switch (problem.code) {
    case 'needs_metric':
      return "Policy metric needs --metric: a logged name, 'mean(A, B)' or 'worst(A, B)'."
    case 'needs_prefer':
      return 'Policy within_noise needs --prefer earliest or --prefer latest.'
    case 'needs_coefficients':
      return `Policy scored needs --weights, such as eval_loss=1,age=0.5. The features are ${Feature.options.join(', ')}.`
    case 'direction_known':
      return `--mode ${problem.requested} is wrong: a ${lowOrHigh(problem.direction)} ${problem.metric} is better. Remove --mode, or name another metric with --metric.`
    case 'option_without_use':
      return unusedText(problem)
    default:
      return problemText(problem)
  }
}

function unusedText({
  policy,
  option,
}: Extract<PolicyProblem, { code: 'option_without_use' }>): string {
  switch (option) {
    case 'metric':
    case 'direction':
      return `--metric and --mode do not work with policy ${policy}. Remove them, or use policy metric.`
    case 'prefer':
      return `--prefer only works with policy within_noise, not with ${policy}.`
    case 'coefficients':
      return `--weights only works with policy scored, not with ${policy}.`
  }
}
