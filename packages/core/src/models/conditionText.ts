import type { Direction } from '../run/event.ts'
import { errorFigure, figure } from '../metric/figure.ts'
import type { ConditionCheck } from './conditionCheck.ts'

type CheckOf<Code> = Extract<ConditionCheck, { code: Code }>

/** Says what a failed condition needs, and what was found. */
export function conditionText(check: ConditionCheck): string {
  switch (check.code) {
    case 'policy':
      return `Policy ${check.required} must decide; this job is decided by ${check.found ?? 'none'}.`
    case 'value':
      return valueText(check)
    case 'better_than_live':
      return betterThanLiveText(check)
    case 'scored_on':
      return (
        `It has no metric of test set ${check.test_set}. ` +
        `Score it there, so that it has a metric such as ${check.test_set}/acc.`
      )
  }
}

function valueText({ metric, direction, bound, found }: CheckOf<'value'>): string {
  if (direction === null)
    return `It is unknown whether a lower or a higher ${metric} is better. State direction in the condition.`
  const must = `${metric} must be at ${direction === 'min' ? 'most' : 'least'} ${figure(bound)}`
  return `${must}; this checkpoint has ${found === null ? 'no such value' : figure(found)}.`
}

function betterThanLiveText(check: CheckOf<'better_than_live'>): string {
  const { reason, metric, direction, found, live, noise } = check
  const [value, before] = [found, live].map((one) => (one === null ? 'no value' : figure(one)))
  switch (reason) {
    case null:
      return 'It is better than what is live there.'
    case 'same_checkpoint':
      return 'This checkpoint is live there now. Another one must be better.'
    case 'no_value':
      return 'This checkpoint has no value of the deciding metric. Evaluate it.'
    case 'live_has_no_value':
      return 'What is live there has no stored value to compare with. Ship once without this condition.'
    case 'other_metric':
      return `What is live there was chosen by another metric than ${metric}. Choose by the same metric.`
    case 'other_data':
      return 'What is live there was evaluated on other data. Evaluate both on the same data.'
    case 'not_better':
      return `${metric} must be ${side(direction)} than ${before}, which is live there; this checkpoint has ${value}.`
    case 'within_noise':
      return (
        `${metric} ${value} is within the noise (±${errorFigure(noise ?? 0)}) of ${before}, which is live there. ` +
        `It must be ${side(direction)} than ${figure(beyond(live, direction, noise))}.`
      )
  }
}

function side(direction: Direction | null): string {
  return direction === 'max' ? 'higher' : 'lower'
}

function beyond(live: number | null, direction: Direction | null, noise: number | null): number {
  return (live ?? 0) + (direction === 'max' ? 1 : -1) * (noise ?? 0)
}
