import type { Direction } from '../event.ts'
import { isFiniteMeasure, type Measured } from '../measured.ts'
import { latestOf, slopeOf, trend } from '../standing.ts'
import type { RunContext } from './context.ts'
import { isOneScale, lossPoints, waitingSince, type LossPoint } from './curve.ts'
import { isTest } from './direction.ts'
import { detailOf, finder, measureOf, metricNames } from './evaluations.ts'
import type { Reading, Winner } from './explanation.ts'
import { errorFigure, figure, signed } from './figure.ts'
import { attemptOf, overfittingReadings } from './overfitting.ts'
import type { Evaluation, Ranked, Selection } from './selection.ts'

/** What an explanation is made of. */
export interface Explained {
  selection: Selection & { metric: string; direction: Direction }
  /** First evaluations, in order of step. */
  evaluations: readonly Evaluation[]
  context: RunContext
  /** How much better an evaluation must be to count as an improvement. */
  min_delta: number
}

/** The figures shown beside the choice: those of the chosen checkpoint, then those of the run. */
export function readingsOf(given: Explained, winners: readonly Winner[]): Reading[] {
  const { best } = given.selection
  const at = best && finder(given.evaluations)(best)
  const ofBest = best && at ? [...lossReadings(given, at), ...certainty(given, at, best)] : []
  const turned = overfittingReadings(given, winners)
  return [...ofBest, ...trendReadings(given), ...turned, ...waiting(given)]
}

const PLAIN = { remark: null, origin: null }

function measured(name: string, label: string, value: Measured): Reading {
  return { name, label, value, text: shown(value), ...PLAIN }
}

function shown(value: Measured): string {
  if (value === null) return '–'
  return isFiniteMeasure(value) ? figure(value) : String(value).replace('-', '−')
}

/** Loss, gap and perplexity at the chosen checkpoint. */
function lossReadings({ evaluations, context, selection }: Explained, at: Evaluation): Reading[] {
  const eval_loss = measureOf(at, 'eval_loss') ?? null
  const train_loss = context.trainLoss?.(at) ?? null
  const readings: Reading[] = []
  if (eval_loss !== null && selection.metric !== 'eval_loss') {
    const { origin } = detailOf(at, 'eval_loss')
    readings.push({ ...measured('eval_loss', 'eval loss', eval_loss), origin })
  }
  if (train_loss !== null) readings.push(measured('train_loss', 'train loss before it', train_loss))
  if (eval_loss !== null && train_loss !== null) {
    readings.push(
      gap(eval_loss, train_loss, lossPoints(evaluations, at.attempt, context.trainLoss)),
    )
  }
  if (context.loss_unit === 'nats_per_token' && eval_loss !== null) {
    const perplexity = Math.exp(eval_loss)
    const remark = perplexity === Infinity ? 'too large for a number' : null
    readings.push({ ...measured('perplexity', 'perplexity', perplexity), remark })
  }
  return readings
}

function gap(eval_loss: number, train_loss: number, points: readonly LossPoint[]): Reading {
  const difference = eval_loss - train_loss
  const reading = measured('loss_gap', 'loss gap', difference)
  if (!isOneScale(points)) {
    const remark = 'withheld: the two losses are not on one scale'
    return { ...reading, value: null, text: '–', remark }
  }
  if (!Number.isFinite(difference)) return reading
  const ratio =
    train_loss > 0 ? `${figure(Number((eval_loss / train_loss).toPrecision(3)))} × train` : null
  return { ...reading, text: signed(difference), remark: ratio }
}

/** How far the chosen value can be trusted: samples, error, and what a test split says. */
function certainty({ evaluations, selection }: Explained, at: Evaluation, best: Ranked): Reading[] {
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

/** Where the evaluation loss is heading. */
function trendReadings(given: Explained): Reading[] {
  const points = lossPoints(given.evaluations, attemptOf(given))
  const recent = latestOf(points.map(({ step, eval_loss: value }) => ({ step, value })))
  const heading = trend({ recent })
  const line = slopeOf(recent)
  const readings: Reading[] = []
  if (heading && line) {
    const remark = `${signed(rounded(line.slope * 100))} ± ${errorFigure(line.error * 100)} a 100 steps over the last ${recent.length} evaluations`
    readings.push({
      name: 'loss_trend',
      label: 'eval loss trend',
      value: heading,
      text: heading,
      remark,
      origin: null,
    })
  }
  return readings
}

function rounded(value: number): number {
  return Number(value.toPrecision(3))
}

/** For how long nothing was better. */
function waiting({ evaluations, selection, context, min_delta }: Explained): Reading[] {
  const { metric, direction } = selection
  const found = waitingSince(evaluations, metric, direction, min_delta)
  if (!found) return []
  const remark = min_delta > 0 ? `by more than ${figure(min_delta)}` : null
  const since = measured(
    'evaluations_without_improvement',
    'evaluations without improvement',
    found.evaluations,
  )
  const now = Math.max(context.current_epoch ?? NaN, evaluations.at(-1)?.epoch ?? NaN)
  const epochs = now - (found.since.epoch ?? NaN)
  if (!Number.isFinite(epochs)) return [{ ...since, remark }]
  const label = 'epochs without improvement'
  const elapsed = measured('epochs_without_improvement', label, Math.max(0, rounded(epochs)))
  return [{ ...since, remark }, elapsed]
}
