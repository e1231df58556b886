import { expect, test } from 'vitest'
import { NO_LOSSES } from '../run/lossScale.ts'
import { deriveStatus, type DerivedFrom } from './derive.ts'
import type { StoredStatus } from './fields.ts'
import { initialTracker } from './tracker.ts'

const STORED: StoredStatus = {
  ...initialTracker().facts,
  ...{ job_id: '', name: 'run', project: 'p', host: 'h', output_dir: '/o' },
  ...{ tags: [], note: '', archived_at: null, deleted_at: null },
  ...{ selection_policy: 'as_declared', best_eval_loss: null, best_epoch: null, best_step: null },
  ...{ best_checkpoint_path: null, best_checkpoint_id: null },
  ...{ best_metric: null, best_metric_name: null },
  ...{ status: 'running', current_step: 150, total_steps: 400, updated_at: 11_000 },
}
const FROM: DerivedFrom = {
  ...{ attempt_started_at: 1000, attempt_first_step: 100 },
  ...{ loss_unit: 'unknown', loss_scale: NO_LOSSES, best_evaluation_epoch: null },
  environment: {},
}
const derived = (stored: Partial<StoredStatus>, from: Partial<DerivedFrom> = {}, now = 11_000) =>
  deriveStatus({ ...STORED, ...stored }, { ...FROM, ...from }, now)

test('the time left uses the mean time per step of the current attempt', () => {
  // 50 steps took 10 seconds, and 250 are left.
  expect(derived({}).eta_seconds).toBe(50)
  expect(derived({}, {}, 21_000).eta_seconds).toBe(40)
  expect(derived({}, {}, 5_000).eta_seconds).toBe(50)
})

test('the time left is 0 when a run was silent for all of it, and unknown after that', () => {
  expect(derived({}, {}, 61_000).eta_seconds).toBe(0)
  expect(derived({}, {}, 61_001).eta_seconds).toBeNull()
})

test('only a running run with steps, totals and times has a time left', () => {
  expect(derived({ status: 'completed' }).eta_seconds).toBeNull()
  expect(derived({ current_step: null }, { attempt_first_step: -50 }).eta_seconds).toBeNull()
  expect(
    derived({ total_steps: null, current_step: -20 }, { attempt_first_step: -50 }),
  ).toMatchObject({ eta_seconds: null })
  expect(derived({}, { attempt_started_at: null }).eta_seconds).toBeNull()
  expect(derived({ updated_at: null }, { attempt_started_at: -50 }, -100).eta_seconds).toBeNull()
})

test('an attempt without a step has no speed', () => {
  expect(derived({ current_step: 100 }).eta_seconds).toBeNull()
  expect(derived({ current_step: 90 }, { attempt_started_at: 20_000 }).eta_seconds).toBeNull()
})

test('progress is the finished share of the total, at most 1', () => {
  expect(derived({}).progress).toBe(0.375)
  expect(derived({ current_step: 500 }).progress).toBe(1)
  expect(derived({ current_step: 0 }).progress).toBe(0)
  expect(derived({ current_step: null }).progress).toBeNull()
  expect(derived({ total_steps: null }).progress).toBeNull()
  expect(derived({ total_steps: 0 }).progress).toBeNull()
})

test('perplexity needs a loss that was measured in nats per token', () => {
  const loss_unit = 'nats_per_token'
  expect(derived({ eval_loss: 2 }, { loss_unit }).perplexity).toBe(Math.exp(2))
  expect(derived({ eval_loss: 2 }).perplexity).toBeNull()
  expect(derived({ eval_loss: null }, { loss_unit }).perplexity).toBeNull()
})

test('epochs without improvement are those since the best evaluation, and never negative', () => {
  const since = (current_epoch: number | null, best_evaluation_epoch: number | null) =>
    derived({ current_epoch }, { best_evaluation_epoch }).epochs_without_improvement
  expect(since(3.5, 1.25)).toBe(2.25)
  expect(since(1, 1.25)).toBe(0)
  expect(since(null, 1)).toBeNull()
  expect(since(1, null)).toBeNull()
})
