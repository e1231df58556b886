import { isFiniteMeasure } from '../measured.ts'
import type { Direction, EventOf, TrainingEvent } from '../run/event.ts'
import { type LossScale, NO_LOSSES, scaleAfter } from '../run/lossScale.ts'
import { directionOf } from '../metric/directionOf.ts'
import { initialState, nextState, trend, type TrackerState } from './trackerState.ts'
import type { FieldOf } from './fields.ts'
import { mayFollow } from './states.ts'
import type { JobState, TrainingJobStatus } from './status.ts'

/** The run's logged facts so far: the tracked fields, and what the derived fields need. */
export interface RunFacts extends Pick<TrainingJobStatus, FieldOf<'tracked'>> {
  attempt: number
  /**
   * When the current attempt began (ms) and its first step. If the run does not log them: the time
   * and step of its first event.
   */
  attempt_started_at: number | null
  attempt_first_step: number
  loss_unit: EventOf<'started'>['loss_unit']
  declared_metric: string | null
  declared_direction: Direction | null
  declared_by: string | null
  metric_is_inferred: boolean
  save_steps: number | null
  loss_scale: LossScale
  /** Epoch of the best evaluation, saved or not. */
  best_evaluation_epoch: number | null
}

/** The run's facts, and the state of its evaluations. */
export interface Tracker {
  facts: RunFacts
  state: TrackerState
}

/** A run before its first event. */
export function initialTracker(): Tracker {
  return { facts: INITIAL_FACTS, state: initialState() }
}

const NOT_ENDED = { ended_at: null, error: null, end_cause: null } as const
const INITIAL_FACTS: RunFacts = {
  status: 'queued',
  current_step: null,
  total_steps: null,
  current_epoch: null,
  total_epochs: null,
  started_at: null,
  updated_at: null,
  loss: null,
  eval_loss: null,
  train_loss_at_eval: null,
  loss_trend: null,
  evaluations_without_improvement: null,
  ...NOT_ENDED,
  attempt: 0,
  attempt_started_at: null,
  attempt_first_step: 0,
  loss_unit: 'unknown',
  declared_metric: null,
  declared_direction: null,
  declared_by: null,
  metric_is_inferred: false,
  save_steps: null,
  loss_scale: NO_LOSSES,
  best_evaluation_epoch: null,
}

/**
 * The one reducer: a run's facts and state after one more event. It is pure except for `state.seen`,
 * which successive states share.
 */
export function track(tracker: Tracker, event: TrainingEvent): Tracker {
  const facts = factsAfter(tracker.facts, event)
  // A score measured after training does not change the state of the training.
  if (facts === tracker.facts) return tracker
  const state = stateAfter(tracker, event)
  if (event.type === 'evaluation') {
    const found = stateFacts(state)
    facts.loss_trend = found.loss_trend
    facts.evaluations_without_improvement = found.evaluations_without_improvement
    facts.best_evaluation_epoch = found.best_evaluation_epoch
  }
  return { state, facts }
}

/**
 * The facts after one more event, without those that `stateFacts` computes: a new object, or the
 * same one if the event belongs to no state of the training.
 */
export function factsAfter(facts: RunFacts, event: TrainingEvent): RunFacts {
  if (event.type === 'evaluation' && event.scored_by !== null) return facts
  // Files beside the log do not change the state of the training.
  if (event.type === 'setup' || event.type === 'usage') return facts
  if (event.type === 'sample' && event.step_from !== 'log') return facts
  // One copy per event: a second one would take as long as all the rest.
  const changed = { ...facts }
  changed.updated_at = latest(facts.updated_at, event.at)
  change(changed, event)
  return changed
}

function stateAfter(tracker: Tracker, event: TrainingEvent): TrackerState {
  const { state } = tracker
  if (event.type === 'evaluation') return nextState(state, event)
  if (event.type !== 'started' || state.leader !== null) return state
  const facts = { ...tracker.facts, ...declared(event) }
  const { declared_metric: metric, declared_direction } = facts
  if (metric === null) return state
  return initialState(metric, declared_direction ?? directionOf(metric) ?? 'min')
}

/** Sets the facts that an event changes. Each of the functions below changes the facts it is given. */
function change(facts: RunFacts, event: TrainingEvent): void {
  switch (event.type) {
    case 'started':
      Object.assign(facts, started(facts, event))
      break
    case 'metrics':
      logged(facts, event)
      break
    case 'evaluation':
      evaluated(facts, event)
      break
    case 'heartbeat':
      alive(facts)
      break
    case 'ended':
      ended(facts, event)
      break
    case 'checkpoint':
      begun(facts)
      reached(facts, event)
      break
    case 'files':
    case 'claim':
    case 'sample':
    case 'log':
    case 'setup':
    case 'usage':
  }
}

/**
 * Rebuilds the tracker state from stored evaluations, in order of arrival, for the deciding metric.
 * A value must be better by `min_delta` to count as an improvement.
 */
export function trackerStateOf(
  evaluations: readonly EventOf<'evaluation'>[],
  metric: string,
  direction: Direction,
  min_delta = 0,
): TrackerState {
  return evaluations.reduce(nextState, initialState(metric, direction, min_delta))
}

type StateFacts = Pick<
  RunFacts,
  'loss_trend' | 'evaluations_without_improvement' | 'best_evaluation_epoch'
>

/** The tracked fields that are computed from a tracker state. */
export function stateFacts(state: TrackerState): StateFacts {
  return {
    loss_trend: trend(state),
    evaluations_without_improvement: state.leader ? state.since : null,
    best_evaluation_epoch: state.leader ? state.improved_epoch : null,
  }
}

function started(facts: RunFacts, event: EventOf<'started'>): Partial<RunFacts> {
  const isFurther = event.attempt > facts.attempt
  const isFresh = isFurther && event.resumed_from === null
  return {
    ...next(facts.status, 'running'),
    attempt: event.attempt,
    started_at: facts.started_at ?? event.at,
    ...timedFrom(facts, event),
    current_step: event.resumed_from ?? (isFresh ? null : facts.current_step),
    current_epoch: isFresh ? null : facts.current_epoch,
    total_steps: event.total_steps ?? facts.total_steps,
    total_epochs: event.total_epochs ?? facts.total_epochs,
    ...NOT_ENDED,
    // The loss of an earlier attempt is not the loss of this attempt's weights.
    loss: isFurther ? null : facts.loss,
    loss_unit: event.loss_unit,
    // A fresh start may log its losses in another way.
    loss_scale: isFresh ? NO_LOSSES : facts.loss_scale,
    ...declared(event),
    save_steps: event.save_steps ?? facts.save_steps,
  }
}

/** A further attempt without a logged first step is timed from its first event's step. */
function timedFrom(
  facts: RunFacts,
  { attempt, at, resumed_from }: EventOf<'started'>,
): Partial<RunFacts> {
  const isSeen = attempt === facts.attempt && facts.current_step !== null
  if (attempt > 0 && isSeen && resumed_from === null) return {}
  return { attempt_started_at: at, attempt_first_step: resumed_from ?? 0 }
}

/** A declaration replaces the earlier one whole: a metric never takes an earlier metric's direction. */
function declared(event: EventOf<'started'>): Partial<RunFacts> {
  const { metric_for_best, direction, declared_by, metric_is_inferred } = event
  if (metric_for_best === null) return {}
  const by = { declared_by, metric_is_inferred }
  return { declared_metric: metric_for_best, declared_direction: direction, ...by }
}

function logged(facts: RunFacts, event: EventOf<'metrics'>): void {
  const { loss } = event.values
  if (loss !== undefined && event.attempt >= facts.attempt) facts.loss = loss
  alive(facts)
  reached(facts, event)
}

function evaluated(facts: RunFacts, event: EventOf<'evaluation'>): void {
  // The losses first: they need the step that the run had reached before.
  compareLosses(facts, event)
  alive(facts)
  reached(facts, event)
}

function compareLosses(facts: RunFacts, event: EventOf<'evaluation'>): void {
  const { epoch } = event
  const { eval_loss } = event.values
  if (eval_loss === undefined) return
  const train_loss = lossAt(facts, event)
  facts.eval_loss = eval_loss
  facts.train_loss_at_eval = train_loss
  facts.loss_scale = scaleAfter(facts.loss_scale, { eval_loss, train_loss, epoch })
}

/** The latest training loss; null if the run is already past this step. */
function lossAt(facts: RunFacts, { step }: EventOf<'evaluation'>): number | null {
  return (facts.current_step ?? 0) <= step ? facts.loss : null
}

type Reaching = EventOf<'metrics' | 'evaluation' | 'checkpoint'>

/** The run's current step. An evaluation of an earlier step or attempt does not move it back. */
function reached(facts: RunFacts, event: Reaching): void {
  const { attempt, step, at, epoch } = event
  if (step === null || attempt < facts.attempt) return
  if (attempt === facts.attempt && step < (facts.current_step ?? 0)) return
  timed(facts, { attempt, step, at })
  facts.current_step = step
  if (epoch !== null) facts.current_epoch = epoch
}

/**
 * An attempt without a logged start is timed from its first step that has a time. So is a further
 * attempt without a logged first step.
 */
function timed(
  facts: RunFacts,
  { attempt, step, at }: { attempt: number; step: number; at: number | null },
): void {
  const isUnlogged = facts.attempt > 0 && facts.current_step === null
  const isTimed = attempt === facts.attempt && facts.attempt_started_at !== null && !isUnlogged
  if (isTimed || !isFiniteMeasure(at)) return
  facts.attempt_started_at = at
  facts.attempt_first_step = step
}

/**
 * How an attempt ended, even if its start was never logged. A status never replaces a more certain
 * one (`mayFollow`).
 */
function ended(facts: RunFacts, { attempt, at, error, status, cause }: EventOf<'ended'>): void {
  const isNews = attempt > facts.attempt || mayFollow(facts.status, status)
  if (!isNews || attempt < facts.attempt) return
  const ended_at = status === 'lost' ? null : at
  Object.assign(facts, { attempt, status, error, end_cause: cause ?? null, ended_at })
}

/** A run that logs something is neither waiting nor lost. */
function alive(facts: RunFacts): void {
  const { status } = facts
  if (status === 'queued' || status === 'starting' || status === 'lost') facts.status = 'running'
}

/**
 * A run with a save is no longer waiting. It may still be lost, because the files may be found
 * later.
 */
function begun(facts: RunFacts): void {
  if (facts.status === 'queued' || facts.status === 'starting') facts.status = 'running'
}

function next(from: JobState, to: JobState): { status: JobState } {
  return { status: mayFollow(from, to) ? to : from }
}

function latest(previous: number | null, at: number | null): number | null {
  return isFiniteMeasure(at) ? Math.max(previous ?? at, at) : previous
}
