import { expect, test } from 'vitest'
import { checkpoints, choose, evaluations } from './testing.ts'
import type { Evaluation } from '../run/rows.ts'

/** A smooth valley, plus random noise. */
function valley(wiggle: number): Evaluation[] {
  return evaluations(
    ...Array.from({ length: 15 }, (_, index) => {
      const x = (index - 7) / 7
      return [100 * (index + 1), 2 + (x * x) / 10 + wiggle * Math.sin(index ** 2)] as const
    }),
  )
}

const STEPS = Array.from({ length: 15 }, (_, index) => 100 * (index + 1))

function among(rows: Evaluation[], steps = STEPS, more: Parameters<typeof choose>[0] = {}) {
  return choose({ evaluations: rows, checkpoints: checkpoints(...steps), ...more })
}

test('a smooth curve has no near ties, even if its step distances differ', () => {
  const { near_ties, best } = among(valley(0))
  expect(near_ties?.noise.source).toBe('residual')
  expect(near_ties?.noise.standard_error).toBeCloseTo(0, 10)
  expect(near_ties?.candidates.map(({ step }) => step)).toEqual([best?.step])
})

test('on a noisy curve, values within the noise are tied, and the reason lists their steps', () => {
  const { near_ties, best, reason } = among(valley(0.02))
  const steps = near_ties?.candidates.map(({ step }) => step) ?? []
  expect(steps.length).toBeGreaterThan(1)
  expect(steps).toContain(best?.step)
  expect(reason).toMatch(
    /^Step \d+ is best: eval_loss [\d.]+, the lowest of \d+ checkpoints\. Steps [\d, and–]+ are within the noise \(±0\.0\d+\)\./,
  )
})

test("noise grows with the variation and has the metric's unit", () => {
  const [small, large] = [0.01, 0.04].map(
    (wiggle) => among(valley(wiggle)).near_ties?.noise.standard_error ?? NaN,
  )
  expect((large ?? NaN) / (small ?? NaN)).toBeCloseTo(4, 6)
})

test('a logged standard error has priority', () => {
  const rows = evaluations(
    [100, { acc: 0.7, acc_stderr: 0.02 }],
    [200, { acc: 0.71, acc_stderr: 0.02 }],
    [300, { acc: 0.6, acc_stderr: 0.02 }],
  ).map((row) => ({ ...row, samples: 10_000 }))
  const { near_ties, metric } = among(rows, [100, 200, 300], { options: { metric: 'acc' } })
  expect(metric).toBe('acc')
  expect(near_ties?.noise).toMatchObject({ source: 'logged', standard_error: 0.02 })
  expect(near_ties?.candidates.map(({ step }) => step)).toEqual([100, 200])
})

test('the number of samples gives the error of a share, as a fraction or in per cent', () => {
  const [samples, share] = [400, 0.8]
  const binomial = Math.sqrt((share * (1 - share)) / samples)
  for (const scale of [1, 100]) {
    const rows = evaluations(
      [100, { eval_accuracy: share * scale }],
      [200, { eval_accuracy: (share - binomial / 2) * scale }],
      [300, { eval_accuracy: (share - 2 * binomial) * scale }],
    ).map((row) => ({ ...row, samples }))
    const { near_ties } = among(rows, [100, 200, 300], { options: { metric: 'eval_accuracy' } })
    expect(near_ties?.noise.source).toBe('binomial')
    expect(near_ties?.noise.standard_error).toBeCloseTo(binomial * scale, 12)
    expect(near_ties?.candidates.map(({ step }) => step)).toEqual([100, 200])
  }
})

test('with few evaluations and no other data, the noise is unknown', () => {
  expect(among(valley(0.02).slice(0, 6)).near_ties).toBeNull()
})

test('policy within_noise takes the preferred near tie, and the reason names the lower one', () => {
  const rows = valley(0.02)
  const strict = among(rows)
  const ties = strict.near_ties?.candidates.map(({ step }) => step) ?? []
  for (const prefer of ['earliest', 'latest'] as const) {
    const chosen = among(rows, STEPS, { policy: 'within_noise', options: { prefer } })
    expect(chosen.best?.step).toBe(prefer === 'earliest' ? ties[0] : ties.at(-1))
    expect(chosen.ranking[0]).toEqual(chosen.best)
    expect(chosen.ranking).toHaveLength(strict.ranking.length)
    expect(chosen.reason).toContain(`, the ${prefer} of `)
    if (chosen.best?.step !== strict.best?.step) {
      expect(chosen.runner_up?.step).toBe(strict.best?.step)
      expect(chosen.margin).toBeLessThan(0)
    }
  }
})

test('policy within_noise takes the strictly best if the noise is unknown, and says so', () => {
  const chosen = among(valley(0.02).slice(0, 6), STEPS, {
    policy: 'within_noise',
    options: { prefer: 'latest' },
  })
  expect(chosen.best).toEqual(among(valley(0.02).slice(0, 6)).best)
  expect(chosen.reason).toContain('The noise is unknown.')
})

test('the noise comes from the attempt of the best, not from other attempts', () => {
  const rows = valley(0.02)
  const wild = rows.map((row, index) => ({
    ...row,
    attempt: 1,
    values: { eval_loss: 10 + (index % 3) * 5 },
  }))
  expect(among([...rows, ...wild]).near_ties?.noise).toEqual(among(rows).near_ties?.noise)
})

test('a share of 0 or 1 over few samples still has an error', () => {
  const rows = evaluations([100, { eval_accuracy: 0.9 }], [200, { eval_accuracy: 1 }])
  const few = rows.map((row) => ({ ...row, samples: 10 }))
  const { near_ties } = among(few, [100, 200], { options: { metric: 'eval_accuracy' } })
  expect(near_ties?.noise.standard_error).toBeGreaterThan(0.05)
})

test('the noise of token shares and of means of shares does not come from the number of samples', () => {
  for (const metric of ['eval_mean_token_accuracy', 'eval_balanced_accuracy', 'mean(eval_acc)']) {
    const rows = valley(0.001).map((row) => ({
      ...row,
      samples: 200,
      values: { [metric]: 1 / (row.values['eval_loss'] ?? NaN), eval_acc: 0.5 },
    }))
    const { near_ties } = among(rows, STEPS, { options: { metric, direction: 'max' } })
    expect([metric, near_ties?.noise.source ?? 'residual']).toEqual([metric, 'residual'])
  }
})

test('the noise of a curve of shares much calmer than its samples allow comes from the curve', () => {
  const rows = valley(0.0001).map((row) => ({
    ...row,
    samples: 200,
    values: { eval_accuracy: 1.4 / (row.values['eval_loss'] ?? NaN) },
  }))
  expect(among(rows, STEPS, { options: { metric: 'eval_accuracy' } }).near_ties?.noise.source).toBe(
    'residual',
  )
})

test('the error of a repeat is not the error of the first value', () => {
  const rows = evaluations(
    [100, { eval_acc: 0.8 }],
    [200, { eval_acc: 0.81 }],
    [200, { eval_acc: 0.5, eval_acc_stderr: 0.2 }],
  )
  expect(among(rows, [100, 200], { options: { metric: 'eval_acc' } }).near_ties).toBeNull()
})
