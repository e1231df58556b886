import { Feature, lowOrHigh, type PolicyProblem, problemText } from '@bestmark/core'

/** A problem of a policy in the words of the command line, which names its options. */
export function optionProblemText(problem: PolicyProblem): string {
  switch (problem.code) {
    case 'needs_metric':
      return "Policy metric needs --metric: a logged name, 'mean(A, B)' or 'worst(A, B)'."
    case 'needs_prefer':
      return 'Policy within_noise needs --prefer earliest or --prefer latest.'
    case 'needs_coefficients':
      return `Policy scored needs --weights, such as eval_loss=1,age=0.5. The features are ${Feature.options.join(', ')}.`
    case 'direction_known':
      return `--mode ${problem.asked} has no use: a ${lowOrHigh(problem.direction)} ${problem.metric} is better. Leave --mode out, or name another metric with --metric.`
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
      return `--metric and --mode do not work with policy ${policy}. Leave them out, or use policy metric.`
    case 'prefer':
      return `--prefer only works with policy within_noise, not with ${policy}.`
    case 'coefficients':
      return `--weights only works with policy scored, not with ${policy}.`
  }
}
