import { isFiniteMeasure, type Measured } from '../measured.ts'
import type { Direction, EventOf } from '../run/event.ts'
import { isBetter } from '../metric/direction.ts'
import { measureOf } from '../metric/evaluations.ts'
import { addStep, type SeenSteps, seenSteps } from './seenSteps.ts'
import type { Trend } from './status.ts'

/** How many evaluations a trend uses. */
const TREND_WINDOW = 5

/** The fields of an evaluation that the tracker state uses. */
type Measurement = Pick<EventOf<'evaluation'>, 'attempt' | 'step' | 'epoch'> & {
  values: Readonly<Record<string, Measured>>
}

interface Leader {
  attempt: number
  step: number
  epoch: number | null
  value: number
}

/**
 * The best evaluation so far and the evaluations since, at O(1) per evaluation. Successive states
 * share `seen`, so an earlier state may be read but not continued.
 */
export interface TrackerState {
  metric: string
  direction: Direction
  leader: Leader | null
  /** How much better a value must be to count as an improvement, and the last improvement. */
  min_delta: number
  improved: number | null
  improved_epoch: number | null
  /** Finite evaluations that arrived after the last improvement. */
  since: number
  /** The latest finite values of eval_loss, oldest first. */
  recent: readonly { step: number; value: number }[]
  /** The steps at which each metric was measured, by attempt. */
  seen: Map<string, Map<number, SeenSteps>>
}

/** The tracker state before the first evaluation. */
export function initialState(
  metric = 'eval_loss',
  direction: Direction = 'min',
  min_delta = 0,
): TrackerState {
  const nothing = { leader: null, improved: null, improved_epoch: null, since: 0, recent: [] }
  return { metric, direction, min_delta, ...nothing, seen: new Map() }
}

/** The tracker state after one more evaluation. A repeated metric at the same step changes nothing. */
export function nextState(state: TrackerState, evaluation: Measurement): TrackerState {
  const value = firstValue(state, evaluation, state.metric)
  const loss = state.metric === 'eval_loss' ? value : firstValue(state, evaluation, 'eval_loss')
  const { step, attempt, epoch } = evaluation
  const recent = isFiniteMeasure(loss) ? withLatest(state.recent, step, loss) : state.recent
  if (!isFiniteMeasure(value)) return { ...state, recent }
  const isLeading = leads({ step, attempt, value }, state)
  const leader = isLeading ? { attempt, step, epoch, value } : state.leader
  const isImprovement = state.min_delta > 0 ? improves(value, state) : isLeading
  if (!isImprovement) return { ...state, recent, leader, since: state.since + 1 }
  return { ...state, recent, leader, improved: value, improved_epoch: epoch, since: 0 }
}

function withLatest(
  recent: TrackerState['recent'],
  step: number,
  value: number,
): TrackerState['recent'] {
  const kept = recent.length < TREND_WINDOW ? recent : recent.slice(1)
  return [...kept, { step, value }]
}

function firstValue(
  { seen }: TrackerState,
  evaluation: Measurement,
  metric: string,
): Measured | undefined {
  // Trainers may declare `accuracy` but log `eval_accuracy`.
  const named = measureOf(evaluation, metric)
  const value = named === undefined ? measureOf(evaluation, `eval_${metric}`) : named
  if (value === undefined || !isFirst(seen, metric, evaluation)) return undefined
  return value
}

/** Whether a metric is measured at this step for the first time; stores the step. */
function isFirst(
  seen: TrackerState['seen'],
  metric: string,
  { attempt, step }: Measurement,
): boolean {
  const attempts = seen.get(metric)
  const steps = attempts?.get(attempt)
  if (steps) return addStep(steps, step)
  const added = attempts ?? new Map<number, SeenSteps>()
  seen.set(metric, added.set(attempt, seenSteps(step)))
  return true
}

function improves(value: number, { improved, min_delta, direction }: TrackerState): boolean {
  const worse = direction === 'min' ? min_delta : -min_delta
  return improved === null || isBetter(value + worse, improved, direction)
}

/** Strictly better, or equal at an earlier step, then attempt. */
function leads(next: Omit<Leader, 'epoch'>, { leader, direction }: TrackerState): boolean {
  if (!leader || isBetter(next.value, leader.value, direction)) return true
  if (next.value !== leader.value) return false
  return next.step < leader.step || (next.step === leader.step && next.attempt < leader.attempt)
}

/** A straight line through points: its slope per step, and that slope's standard error. */
export interface Slope {
  slope: number
  error: number
}

/**
 * Whether the latest values of eval_loss fall or rise: the least-squares slope over steps. It is
 * flat within two of its standard errors. Null with fewer than three values.
 */
export function trend({ recent }: Pick<TrackerState, 'recent'>): Trend | null {
  const found = slopeOf(recent)
  if (!found) return null
  if (Math.abs(found.slope) <= 2 * found.error) return 'flat'
  return found.slope < 0 ? 'falling' : 'rising'
}

/** The least-squares line; null with fewer than three points, all at one step, or too large to sum. */
export function slopeOf(points: readonly { step: number; value: number }[]): Slope | null {
  const n = points.length
  let [steps, values] = [0, 0]
  for (const { step, value } of points) {
    steps += step
    values += value
  }
  const [x, y] = [steps / n, values / n]
  let [sxx, sxy] = [0, 0]
  for (const { step, value } of points) {
    sxx += (step - x) ** 2
    sxy += (step - x) * (value - y)
  }
  const slope = sxy / sxx
  let squares = 0
  for (const { step, value } of points) squares += (value - y - slope * (step - x)) ** 2
  const error = Math.sqrt(squares / (n - 2) / sxx)
  // Too few points, or all at one step, divide by zero; sums of huge numbers overflow.
  return Number.isFinite(slope) && Number.isFinite(error) ? { slope, error } : null
}
