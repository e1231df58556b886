import type { Direction } from '../run/event.ts'
import { nearest } from '../nearest.ts'
import type { PolicyProblem } from './policyProblem.ts'

/** A problem as plain sentences, for people who see no command line. */
export function problemText(problem: PolicyProblem): string {
  switch (problem.code) {
    case 'needs_metric':
      return `Policy metric needs a metric.${loggedText(problem.logged)}`
    case 'needs_prefer':
      return 'Policy within_noise needs a preference: earliest or latest.'
    case 'needs_coefficients':
      return 'Policy scored needs coefficients, such as eval_loss=1,age=0.5.'
    case 'option_without_use':
      return unusedText(problem)
    case 'direction_known':
      return `For ${problem.metric}, ${lowOrHigh(problem.direction)} is better. Remove the direction, or choose policy metric and name the metric that the direction is for.`
    case 'never_logged':
      return `${problem.metric} was never logged.${nearText(problem)}${loggedText(problem.logged)}`
    case 'without_value':
      return `${problem.metric} was logged while training, but it has no value at or before a checkpoint or an evaluation.`
    case 'direction_unknown':
      return `It is unknown whether a low or a high ${problem.metric} is better. Choose min or max.`
    case 'several_losses':
      return `Several evaluation losses were logged: ${problem.losses.join(', ')}. Choose which one decides.`
    case 'several_metrics':
      return `No loss was measured, and nothing declares which of these decides: ${problem.metrics.join(', ')}.`
    case 'only_tests':
      return `Only a test set was measured: ${problem.metrics.join(', ')}. Choose a metric if it should decide; new data will give a worse value than this set.`
    case 'loss_shows_no_progress':
      return `The loss of preference or reinforcement training does not show progress. Choose the metric that decides.${loggedText(problem.logged)}`
  }
}

function unusedText({
  policy,
  option,
  value,
}: Extract<PolicyProblem, { code: 'option_without_use' }>): string {
  switch (option) {
    case 'metric':
      return policy === 'as_declared'
        ? `Policy as_declared uses the metric that each run declares. For ${value} choose policy metric, or set it for runs that declare nothing.`
        : `Policy ${policy} always uses the evaluation loss. For ${value} choose policy metric.`
    case 'direction':
      return `Policy ${policy} takes no direction: a low evaluation loss is better.`
    case 'prefer':
      return `A preference (${value}) only works with policy within_noise, not with ${policy}.`
    case 'coefficients':
      return `Coefficients only work with policy scored, not with ${policy}.`
  }
}

/** The logged name that was probably meant, also if it is written with other separators. */
function nearText({ metric, logged }: Extract<PolicyProblem, { code: 'never_logged' }>): string {
  const near = nearest(metric, logged)
  return near === undefined ? '' : ` Did you mean ${/\s/.test(near) ? `'${near}'` : near}?`
}

/** The logged names, as a sentence. */
function loggedText(logged: readonly string[] | undefined): string {
  if (!logged) return ''
  return logged.length > 0 ? ` Logged: ${logged.join(', ')}.` : ' No evaluation was found.'
}

/** Which end of a metric is better. */
export function lowOrHigh(direction: Direction): 'low' | 'high' {
  return direction === 'min' ? 'low' : 'high'
}
