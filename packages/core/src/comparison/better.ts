import { finder } from '../metric/evaluations.ts'
import { isBetter } from '../metric/direction.ts'
import type { Direction } from '../run/event.ts'
import { configOptions } from '../run/configOptions.ts'
import { decisionOf } from '../selection/decision.ts'
import type { Noise, Ranked } from '../selection/selection.ts'
import type { RunToCompare, DataFact } from './comparison.ts'
import { dataFacts, dividedByData } from './evaluationData.ts'
import { byValue } from './groups.ts'
import { hasBest, type RunWithBest, selectedRun } from './selectedRun.ts'

/** A checkpoint that is live, with the value that it was shipped for. */
export interface LiveCheckpoint {
  job_id: string
  checkpoint_id: string
  attempt: number
  step: number | null
  metric: string
  direction: Direction
  value: number
}

/** A checkpoint that is better than the live one. */
export interface BetterCheckpoint {
  job_id: string
  name: string
  alive: boolean
  checkpoint: Ranked
  /** How much better, in the metric's unit; above 0. */
  by: number
  /** How uncertain its value is; null if unknown. */
  noise: Noise | null
  /** The noise may explain the difference. False if the noise is unknown. */
  is_within_noise: boolean
  /** It is unknown on which data one of the two was evaluated. */
  is_data_unknown: boolean
}

/**
 * The best checkpoint that is better than the live one: of the same metric and direction, and
 * evaluated on comparable data, as in a comparison of runs. `live_run` is the run of the live
 * checkpoint. Null if there is none.
 */
export function betterThan(
  live: LiveCheckpoint,
  live_run: RunToCompare | undefined,
  runs: readonly RunToCompare[],
): BetterCheckpoint | null {
  const data = live_run ? dataOf(live, live_run) : []
  const [first] = runs
    .map(selectedRun)
    .filter(hasBest)
    .filter((run) => isComparable(live, data, run))
    .filter(({ best }) => best.checkpoint_id !== live.checkpoint_id)
    .filter(({ best }) => isBetter(best.value, live.value, live.direction))
    .sort(byValue)
  return first ? betterOf(live, data, first) : null
}

function betterOf(
  { value }: LiveCheckpoint,
  data: readonly DataFact[],
  run: RunWithBest,
): BetterCheckpoint {
  const { job_id, name, alive, best: checkpoint, near_ties } = run
  const by = Math.abs(checkpoint.value - value)
  const noise = near_ties?.noise ?? null
  return {
    ...{ job_id, name, alive, checkpoint, by, noise },
    is_within_noise: isWithinNoise(by, noise),
    is_data_unknown: data.length === 0 || run.data.length === 0,
  }
}

/** Whether the noise may explain a difference. Unknown noise explains nothing. */
export function isWithinNoise(difference: number, noise: Noise | null): boolean {
  return noise !== null && difference <= noise.standard_error
}

/** A checkpoint's value of a metric in its run. */
interface MeasuredIn {
  at: Pick<LiveCheckpoint, 'attempt' | 'step' | 'metric'>
  run: RunToCompare
}

/** Whether no sign shows that two values were measured on different data. */
export function isSameData(one: MeasuredIn, other: MeasuredIn): boolean {
  const data = [one, other].map(({ at, run }) => ({ data: dataOf(at, run) }))
  return dividedByData(data).length === 1
}

function isComparable(
  { metric, direction }: LiveCheckpoint,
  data: readonly DataFact[],
  run: RunWithBest,
): boolean {
  if (run.metric !== metric || run.direction !== direction) return false
  return dividedByData([{ data }, run]).length === 1
}

/** The data that the live checkpoint was evaluated on. */
function dataOf({ attempt, step, metric }: MeasuredIn['at'], { config, input }: RunToCompare) {
  const at = step === null ? undefined : finder(decisionOf(input).evaluations)({ attempt, step })
  return dataFacts(at, metric, configOptions(config))
}
