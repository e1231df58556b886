import type { Evaluation } from '../run/rows.ts'
import { isFiniteMeasure, type Measured } from '../measured.ts'
import {
  initialState,
  slopeOf,
  nextState,
  trend,
  type TrackerState,
} from '../status/trackerState.ts'
import { lossGap, type LossScale, NO_LOSSES } from '../run/lossScale.ts'
import { isTest } from '../metric/direction.ts'
import { detailOf, finder, measureOf, metricNames } from '../metric/evaluations.ts'
import type { ExplanationInput, LossTurn, Reading } from './explanation.ts'
import { errorFigure, figure, grouped, signed } from '../metric/figure.ts'
import { overfittingReadings } from './overfitting.ts'
import type { Ranked } from '../selection/selection.ts'

/** The figures shown beside the choice: those of the chosen checkpoint, then those of the run. */
export function readingsOf(given: ExplanationInput, turn: LossTurn | null): Reading[] {
  const { best } = given.selection
  const at = best && finder(given.evaluations)(best)
  const ofBest = best && at ? [...lossReadings(given, at), ...certainty(given, at, best)] : []
  const state = stateOfRun(given)
  return [
    ...ofBest,
    ...trendReadings(state),
    ...overfittingReadings(turn),
    ...waiting(given, state),
  ]
}

const PLAIN = { remark: null, origin: null }

function measured(name: string, label: string, value: Measured): Reading {
  return { name, label, value, text: shown(value), ...PLAIN }
}

function shown(value: Measured): string {
  if (value === null) return '–'
  if (Number.isInteger(value)) return grouped(value)
  return isFiniteMeasure(value) ? figure(value) : String(value).replace('-', '−')
}

/** Loss, gap and perplexity at the chosen checkpoint. */
function lossReadings({ context, selection }: ExplanationInput, at: Evaluation): Reading[] {
  const eval_loss = measureOf(at, 'eval_loss') ?? null
  const train_loss = context.trainLoss?.(at) ?? null
  const readings: Reading[] = []
  if (eval_loss !== null && selection.metric !== 'eval_loss') {
    const { origin } = detailOf(at, 'eval_loss')
    readings.push({ ...measured('eval_loss', 'eval loss', eval_loss), origin })
  }
  if (train_loss !== null) readings.push(measured('train_loss', 'train loss before it', train_loss))
  if (eval_loss !== null && train_loss !== null) {
    readings.push(gapReading(eval_loss, train_loss, context.loss_scale))
  }
  if (context.loss_unit === 'nats_per_token' && eval_loss !== null) {
    const perplexity = Math.exp(eval_loss)
    const remark = perplexity === Infinity ? 'too large for a number' : null
    readings.push({ ...measured('perplexity', 'perplexity', perplexity), remark })
  }
  return readings
}

function gapReading(eval_loss: number, train_loss: number, scale: LossScale = NO_LOSSES): Reading {
  const { value, missing } = lossGap({ eval_loss, train_loss }, scale)
  const reading = measured('loss_gap', 'loss gap', value)
  if (missing === 'unlike_scales') {
    return { ...reading, remark: 'not computed: the two losses have different scales' }
  }
  if (!isFiniteMeasure(value)) return reading
  const ratio =
    train_loss > 0 ? `${figure(Number((eval_loss / train_loss).toPrecision(3)))} × train` : null
  return { ...reading, text: signed(value), remark: ratio }
}

/** How certain the chosen value is: samples, error, and values on a test split. */
function certainty(
  { evaluations, selection }: ExplanationInput,
  at: Evaluation,
  best: Ranked,
): Reading[] {
  const { samples, scored_by = null } = detailOf(at, selection.metric)
  const readings: Reading[] = []
  if (samples !== null) readings.push(measured('samples', 'samples', samples))
  const noise = selection.near_ties?.noise
  if (noise) {
    const { standard_error: error, text } = noise
    const reading = measured('standard_error', 'standard error', error)
    readings.push({ ...reading, text: `±${errorFigure(error)}`, remark: text })
  }
  if (scored_by !== null) {
    const value = `by ${scored_by}`
    readings.push({
      name: 'scored_by',
      label: 'scored',
      value,
      text: value,
      ...PLAIN,
      origin: best.origin,
    })
  }
  for (const name of metricNames(evaluations).filter(isTest)) {
    const value = measureOf(at, name)
    const { origin } = detailOf(at, name)
    if (value !== undefined) readings.push({ ...measured(name, name, value), origin })
  }
  return readings
}

/** The tracker state of the run, from its own evaluations, without scores. */
function stateOfRun({ arrivals, selection, min_delta }: ExplanationInput): TrackerState {
  const { metric, direction } = selection
  return arrivals
    .filter((one) => (detailOf(one, metric).scored_by ?? null) === null)
    .reduce(nextState, initialState(metric, direction, min_delta))
}

/** The trend of the evaluation loss. */
function trendReadings(state: TrackerState): Reading[] {
  const { recent } = state
  const [heading, line] = [trend(state), slopeOf(recent)]
  if (!heading || !line) return []
  const error = line.error * 100
  const slope = `${signed(rounded(line.slope * 100))} ± ${error < TINY ? 0 : errorFigure(error)}`
  const remark = `${slope} per 100 steps over the last ${recent.length} evaluations`
  const shown = { value: heading, text: heading, remark, origin: null }
  return [{ name: 'loss_trend', label: 'eval loss trend', ...shown }]
}

/** Smaller errors come from rounding. */
const TINY = 1e-12

function rounded(value: number): number {
  return Number(value.toPrecision(3))
}

/** How many evaluations and epochs passed without improvement. */
function waiting(
  { context, evaluations, min_delta }: ExplanationInput,
  state: TrackerState,
): Reading[] {
  if (!state.leader) return []
  const remark = min_delta > 0 ? `by more than ${figure(min_delta)}` : null
  const label = 'evaluations without improvement'
  const since = measured('evaluations_without_improvement', label, state.since)
  const now = Math.max(context.current_epoch ?? -Infinity, evaluations.at(-1)?.epoch ?? -Infinity)
  const epochs = now - (state.improved_epoch ?? NaN)
  if (!Number.isFinite(epochs)) return [{ ...since, remark }]
  const name = 'epochs_without_improvement'
  const elapsed = measured(name, 'epochs without improvement', Math.max(0, rounded(epochs)))
  return [{ ...since, remark }, elapsed]
}
