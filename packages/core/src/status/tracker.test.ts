import { expect, test } from 'vitest'
import { TrainingEvent } from '../run/event.ts'
import { checkEvent } from '../run/checkEvent.ts'
import { deriveStatus } from './derive.ts'
import { rowsFrom } from '../run/rows.ts'
import type { StoredStatus } from './fields.ts'
import { initialTracker, trackerStateOf, track, type Tracker } from './tracker.ts'

const run = (...events: object[]): Tracker =>
  events
    .map((event) => TrainingEvent.parse({ attempt: 0, ...event }))
    .reduce(track, initialTracker())

const evaluation = (step: number, eval_loss: number | null, epoch: number | null = null) => {
  return { type: 'evaluation', step, epoch, values: { eval_loss } }
}

const started = { type: 'started', at: 1000, total_steps: 400, loss_unit: 'nats_per_token' }

test('the status shows the latest log and evaluation', () => {
  const { facts } = run(
    started,
    { type: 'metrics', step: 100, epoch: 0.5, at: 2000, values: { loss: 2 } },
    { ...evaluation(100, 2.5, 0.5), at: 3000 },
    { type: 'metrics', step: 110, epoch: 0.55, at: 4000, values: { learning_rate: 0.1 } },
  )
  expect(facts).toMatchObject({
    status: 'running',
    current_step: 110,
    current_epoch: 0.55,
    loss: 2,
    eval_loss: 2.5,
    train_loss_at_eval: 2,
    started_at: 1000,
    updated_at: 4000,
  })
})

test('evaluations without improvement counts finite ones since the best, saved or not', () => {
  const { facts } = run(
    started,
    evaluation(100, 3),
    evaluation(200, 2),
    evaluation(300, NaN),
    evaluation(400, 2),
    evaluation(500, 2.5),
  )
  expect(facts.evaluations_without_improvement).toBe(2)
})

test('a repeat of the same weights counts neither as best nor as without improvement', () => {
  const { state } = run(
    started,
    evaluation(100, 3),
    evaluation(200, 2),
    evaluation(200, 1),
    evaluation(100, 0),
  )
  expect(state).toMatchObject({ leader: { step: 200, value: 2 }, since: 0 })
})

test('an equal value at an earlier step becomes the best, even if it arrives later', () => {
  expect(run(evaluation(300, 2), evaluation(200, 2)).state.leader?.step).toBe(200)
})

test('a tracker state rebuilt from stored rows equals the streamed one', () => {
  const losses = [3, NaN, 2, 2, 2.5, 1.9, null, 2.2]
  const events = losses.map((loss, index) =>
    TrainingEvent.parse({ attempt: 0, ...evaluation(index * 10, loss) }),
  )
  const { state } = events.reduce(track, initialTracker())
  const rows = events.filter((event) => event.type === 'evaluation')
  expect(trackerStateOf(rows, 'eval_loss', 'min')).toEqual(state)
})

test.each([
  ['falling', [3, 2.5, 2.1, 1.6]],
  ['rising', [1, 1.5, 2.1, 2.4]],
  ['flat', [2, 2.1, 1.9, 2.05, 1.98]],
  [null, [2, 1]],
])('the trend is %s', (expected, losses) => {
  const events = losses.map((loss, index) => evaluation(index * 100, loss))
  expect(run(...events).facts.loss_trend).toBe(expected)
})

test('an end is stored with its reason, and a further attempt continues from its resume step', () => {
  const failed = [started, { type: 'ended', at: 9000, status: 'failed', error: 'killed' }]
  expect(run(...failed).facts).toMatchObject({ status: 'failed', ended_at: 9000, error: 'killed' })
  const { facts } = run(...failed, { ...started, attempt: 1, at: 10000, resumed_from: 200 })
  expect(facts).toMatchObject({
    status: 'running',
    attempt: 1,
    current_step: 200,
    started_at: 1000,
    ended_at: null,
    error: null,
    attempt_started_at: 10000,
    attempt_first_step: 200,
  })
})

test('a job whose attempt failed before it began has failed', () => {
  for (const status of ['stopped', 'completed']) {
    const ended = [started, { type: 'ended', at: 9000, status }]
    const refused = { type: 'ended', attempt: 1, at: 9500, status: 'failed', error: 'unreadable' }
    expect(run(...ended, refused).facts).toMatchObject({
      attempt: 1,
      status: 'failed',
      error: 'unreadable',
    })
  }
})

test('the tracker state follows a declared metric under its logged name', () => {
  const { state } = run(
    { ...started, metric_for_best: 'accuracy' },
    { type: 'evaluation', step: 100, values: { eval_accuracy: 0.5 } },
    { type: 'evaluation', step: 200, values: { eval_accuracy: 0.4 } },
  )
  expect(state).toMatchObject({ direction: 'max', leader: { step: 100 }, since: 1 })
})

test('a time outside the calendar is unknown', () => {
  for (const at of [1.7e18, -1e300, NaN, Infinity]) {
    const { event, invalid } = checkEvent({ attempt: 0, ...started, at })
    expect(event).toMatchObject({ type: 'started', at: null })
    expect(invalid).toMatchObject([{ field: 'at', skipsEvent: false }])
  }
})

test('a lost run that logs again is running', () => {
  const lost = [started, { type: 'ended', status: 'lost' }]
  expect(run(...lost).facts.status).toBe('lost')
  expect(run(...lost, { type: 'heartbeat' }).facts.status).toBe('running')
})

test('lost does not replace failed', () => {
  const failed = [started, { type: 'ended', at: 9000, status: 'failed', error: 'killed' }]
  const { facts } = run(...failed, { type: 'ended', at: 9500, status: 'lost' })
  expect(facts).toMatchObject({ status: 'failed', error: 'killed', ended_at: 9000 })
})

test('a completed run does not become running through a late log', () => {
  const { facts } = run(
    started,
    { type: 'ended', status: 'completed' },
    { type: 'metrics', step: 400, values: { loss: 1 } },
  )
  expect(facts.status).toBe('completed')
})

test('an evaluation of earlier weights does not lower the current step', () => {
  const { facts } = run(
    started,
    { type: 'metrics', step: 400, values: { loss: 1 } },
    { type: 'evaluation', step: 200, values: { test_loss: 2 } },
  )
  expect(facts).toMatchObject({ current_step: 400, eval_loss: null })
})

test("a late score of an earlier attempt's weights does not change the current attempt", () => {
  const { facts } = run(
    started,
    { ...started, attempt: 1, resumed_from: 200 },
    { type: 'metrics', attempt: 1, step: 400, values: { loss: 1 } },
    { type: 'evaluation', attempt: 0, step: 500, values: { test_loss: 2 } },
  )
  expect(facts).toMatchObject({ attempt: 1, current_step: 400 })
})

/** The status fields that the run does not log. */
const STORED = {
  job_id: '00000000-0000-4000-8000-000000000000',
  name: 'run',
  project: 'p',
  tags: [],
  note: '',
  archived_at: null,
  deleted_at: null,
  host: 'h',
  output_dir: '/o',
  selection_policy: 'as_declared',
  best_eval_loss: null,
  best_epoch: null,
  best_step: null,
  best_checkpoint_path: null,
  best_checkpoint_id: null,
  best_metric: null,
  best_metric_name: null,
} satisfies Partial<StoredStatus>

test('time-dependent fields are derived when read', () => {
  const { facts } = run(
    started,
    { type: 'metrics', step: 100, epoch: 2, at: 11000, values: { loss: 1 } },
    { ...evaluation(100, 1.5, 1), at: 11000 },
  )
  const stored: StoredStatus = { ...STORED, ...facts }
  expect(deriveStatus(stored, { ...facts, environment: {} }, 11000)).toMatchObject({
    progress: 0.25,
    eta_seconds: 30,
    loss_gap: 0.5,
    perplexity: Math.exp(1.5),
  })
  expect(deriveStatus(stored, { ...facts, environment: {} }, 21000).eta_seconds).toBe(20)
  expect(deriveStatus(stored, { ...facts, environment: {} }, 42000).eta_seconds).toBeNull()
  const unknown = { ...facts, loss_unit: 'unknown' as const }
  expect(deriveStatus(stored, { ...unknown, environment: {} }, 11000).perplexity).toBeNull()
})

test('an attempt without a logged start is timed from its first step with a time', () => {
  const untimed = { type: 'started', total_steps: 400 }
  const { facts } = run(
    untimed,
    { type: 'metrics', step: 50, values: { loss: 3 } },
    { type: 'metrics', step: 100, at: 11000, values: { loss: 2 } },
    { type: 'metrics', step: 150, at: 16000, values: { loss: 1 } },
  )
  expect(facts).toMatchObject({ attempt_started_at: 11000, attempt_first_step: 100 })
  const again = { ...untimed, attempt: 1, resumed_from: 120 }
  const later = { type: 'metrics', attempt: 1, step: 130, at: 90000, values: { loss: 1 } }
  const state = [again, later].map((event) => TrainingEvent.parse(event))
  const timed = state.reduce(track, run({ ...untimed, at: 1000 })).facts
  expect(timed).toMatchObject({ attempt_started_at: 90000, attempt_first_step: 130 })
})

test("a rerun from the beginning shows its step, even if it ends before the previous attempt's", () => {
  const first = [started, { type: 'metrics', step: 300, values: { loss: 1 } }]
  const rerun = { type: 'started', attempt: 1, at: 9000 }
  expect(run(...first, rerun).facts.current_step).toBeNull()
  const log = { type: 'metrics', attempt: 1, step: 20, values: { loss: 2 } }
  expect(run(...first, rerun, log).facts.current_step).toBe(20)
  const restarted = { ...rerun, total_steps: 50 }
  expect(run(...first, rerun, log, restarted).facts.current_step).toBe(20)
})

test('a further attempt without a logged first step is timed from its first logged step', () => {
  const first = [started, { type: 'metrics', step: 300, at: 5000, values: { loss: 1 } }]
  const again = { type: 'started', attempt: 1, at: 10_000, total_steps: 400 }
  const log = (step: number, at: number) => ({
    ...{ type: 'metrics', attempt: 1, step, at },
    values: { loss: 1 },
  })
  const { facts } = run(...first, again, log(310, 12_000), again, log(320, 14_000))
  expect(facts).toMatchObject({ attempt_started_at: 12_000, attempt_first_step: 310 })
})

test('a score after training does not change the state of the training', () => {
  const trained = [
    started,
    evaluation(100, 3),
    evaluation(200, 2),
    { type: 'ended', status: 'lost' },
  ]
  const scored = { ...evaluation(300, 1, 9), at: 9000, scored_by: 'ana' }
  expect(run(...trained, scored)).toEqual(run(...trained))
})

test('a declaration of a further attempt replaces the earlier one completely, as in the rows', () => {
  const declared = { metric_for_best: 'eval_accuracy', direction: 'max', declared_by: 'a' } as const
  const again = { metric_for_best: 'eval_loss', declared_by: 'b' }
  const events = [
    TrainingEvent.parse({ type: 'started', attempt: 0, ...declared, metric_is_inferred: true }),
    TrainingEvent.parse({ type: 'started', attempt: 1, ...again }),
    TrainingEvent.parse({ type: 'started', attempt: 2 }),
  ]
  const { facts } = events.reduce(track, initialTracker())
  const { declared_metric: metric, declared_direction: direction, declared_by } = facts
  const { metric_is_inferred } = facts
  const declaration = { metric, direction, declared_by, metric_is_inferred }
  expect(declaration).toEqual(rowsFrom(events).declaration)
})

test('a run with a checkpoint no longer waits, and a lost run stays lost', () => {
  const saved = { type: 'checkpoint', step: 10, path: 'checkpoint-10', files_state: 'complete' }
  expect(run(saved).facts.status).toBe('running')
  expect(run(started, { type: 'ended', status: 'lost' }, saved).facts.status).toBe('lost')
})

test('there is no loss gap if most losses are too far apart, and a fresh start counts again', () => {
  const pair = (step: number, attempt = 0) => [
    { type: 'metrics', attempt, step, values: { loss: 8 } },
    { ...evaluation(step, 2), attempt },
  ]
  const gapAfter = (...events: object[]) => {
    const { facts } = run(started, ...events)
    return deriveStatus({ ...STORED, ...facts }, { ...facts, environment: {} }, 0).loss_gap
  }
  const again = { ...started, attempt: 1 }
  expect(gapAfter(...pair(100))).toBe(-6)
  const apart = [100, 200, 300].flatMap((step) => pair(step))
  expect(gapAfter(...apart)).toBeNull()
  const resumed = { ...again, resumed_from: 300 }
  expect(gapAfter(...apart, resumed, ...pair(400, 1))).toBeNull()
  expect(gapAfter(...apart, again, ...pair(100, 1))).toBe(-6)
})
