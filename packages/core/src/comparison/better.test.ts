import { expect, test } from 'vitest'
import { checkpoints, evaluations } from '../selection/testing.ts'
import { betterThan, isSameData, isWithinNoise, type LiveCheckpoint } from './better.ts'
import { run, sampled } from './testing.ts'

/** Step 100 of a run at loss 2, live. */
const live: LiveCheckpoint = {
  ...{ job_id: 'id-live', checkpoint_id: 'live-100', attempt: 0, step: 100 },
  ...{ metric: 'eval_loss', direction: 'min', value: 2 },
}
const liveRun = run('live', [[100, 2]], {
  input: { checkpoints: checkpoints({ step: 100, checkpoint_id: 'live-100' }) },
})

test('the best checkpoint that is better than the live one is found, with how much better it is', () => {
  const better = betterThan(live, liveRun, [
    run('worse', [[100, 3]]),
    run('good', [[50, 1.5]]),
    run('best', [[70, 1.25]]),
  ])
  expect(better).toMatchObject({
    ...{ job_id: 'id-best', name: 'best', by: 0.75 },
    checkpoint: { step: 70, value: 1.25 },
  })
})

test('the live checkpoint, an equal value and a worse one are not better', () => {
  const runs = [liveRun, run('equal', [[100, 2]]), run('worse', [[100, 2.1]])]
  expect(betterThan(live, liveRun, runs)).toBeNull()
})

test('a run whose checkpoints are all gone is not better', () => {
  const gone = run('gone', [[100, 1]], {
    input: { checkpoints: checkpoints({ step: 100, files_state: 'missing' }) },
  })
  expect(betterThan(live, liveRun, [gone])).toBeNull()
})

test('a later checkpoint of the live run may be better', () => {
  const grown = run(
    'live',
    [
      [100, 2],
      [200, 1],
    ],
    { input: { checkpoints: checkpoints({ step: 100, checkpoint_id: 'live-100' }, 200) } },
  )
  expect(betterThan(live, grown, [grown])).toMatchObject({ job_id: 'id-live', by: 1 })
})

test('for a metric of which more is better, a higher value is better', () => {
  const byF1 = { ...live, metric: 'eval_f1', direction: 'max', value: 0.5 } as const
  const f1 = (name: string, value: number) => run(name, [[10, { eval_f1: value }]])
  const runs = [f1('low', 0.25), f1('high', 0.75)]
  expect(betterThan(byF1, undefined, runs)).toMatchObject({ name: 'high', by: 0.25 })
})

test('another metric or other evaluation data cannot be compared, so nothing is called better', () => {
  const other = run('f1', [[10, { eval_f1: 0.1 }]])
  const liveOn = (samples: number) => ({ ...sampled('live', samples, 2), job_id: 'id-live' })
  expect(betterThan(live, liveRun, [other])).toBeNull()
  expect(betterThan(live, liveOn(1000), [sampled('small', 50, 1)])).toBeNull()
  expect(betterThan(live, liveOn(1000), [sampled('same', 1000, 1)])).toMatchObject({
    ...{ name: 'same', is_data_unknown: false },
  })
})

test('the other metric and the other direction each stand in the way alone', () => {
  const deciding = (name: string, metric: string, direction: 'min' | 'max') =>
    run(name, [[10, { eval_loss: 1, eval_wer: 1 }]], {
      input: { declaration: { metric, direction, declared_by: null } },
    })
  expect(betterThan(live, liveRun, [deciding('same', 'eval_loss', 'min')])).not.toBeNull()
  expect(betterThan(live, liveRun, [deciding('metric', 'eval_wer', 'min')])).toBeNull()
  expect(betterThan(live, liveRun, [deciding('direction', 'eval_loss', 'max')])).toBeNull()
})

test('the live checkpoint is not better than its own value of then', () => {
  const grown = run('live', [[100, 1.5]], {
    input: { checkpoints: checkpoints({ step: 100, checkpoint_id: 'live-100' }) },
  })
  expect(betterThan(live, grown, [grown])).toBeNull()
})

test('a live checkpoint without a step has no data that is known', () => {
  const liveOn = { ...sampled('live', 1000, 2), job_id: 'id-live' }
  const same = sampled('same', 1000, 1)
  expect(betterThan(live, liveOn, [same])).toMatchObject({ is_data_unknown: false })
  expect(betterThan({ ...live, step: null }, liveOn, [same])).toMatchObject({
    is_data_unknown: true,
  })
})

test('if nobody logged the data of the better one, they are unknown', () => {
  const liveOn = { ...sampled('live', 1000, 2), job_id: 'id-live' }
  expect(betterThan(live, liveOn, [run('x', [[10, 1]])])).toMatchObject({ is_data_unknown: true })
})

test('the live run shows the data at the step that is live, not at its best', () => {
  const rows = evaluations([100, 2], [200, 1.9]).map((one, at) => ({
    ...one,
    samples: [1000, 50][at] ?? null,
  }))
  const liveOn = run('live', [], {
    input: { evaluations: rows, checkpoints: checkpoints(100, 200) },
  })
  expect(betterThan(live, liveOn, [sampled('other', 1000, 1)])).toMatchObject({ name: 'other' })
  expect(betterThan(live, liveOn, [sampled('other', 50, 1)])).toBeNull()
})

test('data that nobody logged are called unknown, and the two are still compared', () => {
  expect(betterThan(live, undefined, [sampled('x', 50, 1)])).toMatchObject({
    is_data_unknown: true,
  })
  expect(betterThan(live, liveRun, [run('x', [[10, 1]])])).toMatchObject({ is_data_unknown: true })
})

test('a difference within the noise says so, and unknown noise covers nothing', () => {
  const curve = [3, 2.2, 2.5, 1.98, 2.4, 2.1, 2.3, 2.2].map((loss, at) => [10 * at, loss] as const)
  const noisy = betterThan(live, liveRun, [run('noisy', curve)])
  expect(noisy).toMatchObject({ is_within_noise: true })
  expect(noisy?.noise?.standard_error).toBeGreaterThan(0.02)
  const clear = betterThan({ ...live, value: 9 }, liveRun, [run('noisy', curve)])
  expect(clear).toMatchObject({ is_within_noise: false })
  const few = betterThan(live, liveRun, [run('few', [[10, 1.9999]])])
  expect(few).toMatchObject({ noise: null, is_within_noise: false })
})

test('a difference as large as the standard error is within the noise', () => {
  const noise = { source: 'logged', standard_error: 0.5, text: '' } as const
  expect([0.4, 0.5, 0.6].map((by) => isWithinNoise(by, noise))).toEqual([true, true, false])
  expect(isWithinNoise(0, null)).toBe(false)
})

test('two values are of the same data unless their numbers of samples or their runs say otherwise', () => {
  const at = { attempt: 0, step: 100, metric: 'eval_loss' }
  const of = (name: string, samples: number) => ({ at, run: sampled(name, samples, 2) })
  expect(isSameData(of('one', 50), of('two', 50))).toBe(true)
  expect(isSameData(of('one', 50), of('two', 80))).toBe(false)
  const unknown = { at: { ...at, step: null }, run: sampled('three', 80, 2) }
  expect(isSameData(of('one', 50), unknown)).toBe(true)
})
