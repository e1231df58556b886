import { finder } from '../metric/evaluations.ts'
import type { Direction } from '../run/event.ts'
import { configOptions, type ConfigOption } from '../run/configOptions.ts'
import { select } from '../selection/select.ts'
import type { NearTies, Ranked } from '../selection/selection.ts'
import { decisionOf } from '../selection/decision.ts'
import type { ComparedRun, RunToCompare } from './comparison.ts'
import { dataFacts } from './evaluationData.ts'
import { metricFigures } from './metricFigures.ts'

/** A run with its own selection, before it is ranked among others. */
export interface SelectedRun extends ComparedRun {
  near_ties: NearTies | null
  options: ConfigOption[]
}

/** A run that has a best checkpoint. */
export type RunWithBest = SelectedRun & {
  metric: string
  direction: Direction
  best: Ranked
}

/** A run with the best that its policy chose. */
export function selectedRun({ job_id, name, alive, config, input }: RunToCompare): SelectedRun {
  const decision = decisionOf(input)
  const { evaluations } = decision
  const selection = select(input, decision)
  const { metric, direction, best, missed_best, reason, near_ties } = selection
  const options = configOptions(config)
  const at = best ? finder(evaluations)(best) : evaluations.at(-1)
  return {
    ...{ job_id, name, alive, metric, direction, best, missed_best, reason },
    data: dataFacts(at, decision.criteria.metric, options),
    figures: metricFigures(evaluations, best),
    ...{ rank: null, difference: null, is_best: false, is_tied: false },
    ...{ near_ties, options },
  }
}

/** A run with a best checkpoint has a metric and a direction, because these chose it. */
export function hasBest(run: SelectedRun): run is RunWithBest {
  return run.best !== null
}

/** Whether a run is within the noise of the best of its group. Unknown noise covers nothing. */
export function isTied({ best, near_ties }: RunWithBest, other: RunWithBest): boolean {
  const error = near_ties?.noise.standard_error ?? NaN
  return Math.abs(other.best.value - best.value) <= error
}
