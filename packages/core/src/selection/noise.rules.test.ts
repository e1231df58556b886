import { expect, test } from 'vitest'
import { checkpoints, choose, evaluations } from './testing.ts'
import type { Evaluation } from '../run/rows.ts'

function noiseAmong(
  rows: readonly Evaluation[],
  metric = 'eval_loss',
  direction: 'min' | 'max' = 'min',
) {
  const saved = checkpoints(...rows.map(({ step, attempt }) => ({ step, attempt })))
  const options = { metric, direction }
  return choose({ evaluations: rows, checkpoints: saved, options }).near_ties?.noise ?? null
}

const curve = (values: readonly number[], steps = values.map((_, index) => index)) =>
  evaluations(...values.map((value, index) => [steps[index]!, value] as const))

/** The deviation of a middle point from the cubic through two neighbours on each side. */
const PER_POINT = 1 / Math.sqrt(1 + (1 + 16 + 16 + 1) / 36)
const MAD = 1.4826

test('noise is the median deviation of points from the cubic through their neighbours', () => {
  const spike = noiseAmong(curve([2, 2, 2, 3, 2, 2, 2]))
  expect(spike?.source).toBe('residual')
  expect(spike?.standard_error).toBeCloseTo(MAD * (4 / 6) * PER_POINT, 12)
})

test('the median of an even number of deviations is between the middle two', () => {
  const deviations = [1 / 6, 4 / 6, 1, 4 / 6].map((of) => of * PER_POINT)
  const middle = (deviations[1]! + deviations[3]!) / 2
  expect(noiseAmong(curve([2, 2, 2, 2, 3, 2, 2, 2]))?.standard_error).toBeCloseTo(MAD * middle, 12)
  const uneven = noiseAmong(curve([5, 5, 5, 6, 5, 5, 7, 5]))
  const found = [2 / 6, 4 / 6, 1, 7 / 6].map((of) => of * PER_POINT)
  expect(uneven?.standard_error).toBeCloseTo((MAD * (found[1]! + found[2]!)) / 2, 12)
})

test('a cubic has no noise at uneven steps, and seven points are enough', () => {
  const steps = [0, 1, 3, 4, 8, 9, 15]
  const cubic = steps.map((x) => x ** 3 - 20 * x ** 2 + 7 * x + 5)
  expect(noiseAmong(curve(cubic, steps))).toMatchObject({ source: 'residual', standard_error: 0 })
  expect(noiseAmong(curve(cubic.slice(0, 6), steps))).toBeNull()
})

test('rounding errors are not noise', () => {
  const steps = [0, 1, 3, 4, 8, 9, 15, 16]
  const cubic = steps.map((x) => (x ** 3 - 20 * x ** 2) / 7 + 1000 / 3)
  expect(noiseAmong(curve(cubic, steps))?.standard_error).toBe(0)
})

test('a spread above the largest number is unknown', () => {
  const huge = [1, -1, 1, -1, 1, -1, 1].map((sign) => sign * 1.7e308)
  expect(noiseAmong(curve(huge))).toBeNull()
})

test('a curve has the noise of its mirror image, wherever its best is', () => {
  const values = [2, 2.1, 2, 3, 2, 1.9, 2.4]
  const mirrored = [...values].reverse()
  expect(noiseAmong(curve(values))?.standard_error).toBeCloseTo(
    noiseAmong(curve(mirrored))?.standard_error ?? NaN,
    12,
  )
})

test('noise has its source', () => {
  const rows = evaluations([1, { acc: 0.5 }]).map((row) => ({ ...row, samples: 100 }))
  expect(noiseAmong(rows, 'acc')?.text).toBe('binomial error of 100 samples: ±0.05')
})

test('a curve of fourth degree is not fitted exactly', () => {
  const steps = [0, 1, 2, 3, 4, 5, 6]
  const noise = noiseAmong(
    curve(
      steps.map((x) => x ** 4),
      steps,
    ),
  )
  expect(noise?.standard_error).toBeCloseTo(MAD * 4 * PER_POINT, 9)
})

test('values that are not finite are ignored', () => {
  const whole = [2, 2, 2, 3, 2, 2, 2, 2]
  const holes = [2, 2, NaN, 2, 3, 2, Infinity, 2, 2, 2]
  const steps = [0, 1, 1.5, 2, 3, 4, 4.5, 5, 6, 7]
  expect(noiseAmong(curve(holes, steps))?.standard_error).toBe(
    noiseAmong(curve(whole))?.standard_error,
  )
})

test('the noise of the best comes from the fifty evaluations before it and the fifty from it on', () => {
  const wiggle = (index: number) => 2 + Math.sin(index ** 2) / 100 + ((index - 150) / 400) ** 2
  const values = Array.from({ length: 300 }, (_, index) => wiggle(index))
  values[150] = 1.98
  const wild = values.map((value, index) =>
    index < 100 || index >= 200 ? 50 + 40 * Math.sin(index ** 3) : value,
  )
  const near = curve(values).slice(100, 200)
  expect(noiseAmong(curve(wild))).toEqual(noiseAmong(near))
  expect(noiseAmong(curve(wild))).not.toEqual(noiseAmong(curve(wild).slice(101, 200)))
  expect(noiseAmong(curve(wild))).not.toEqual(noiseAmong(curve(wild).slice(100, 199)))
})

test('a logged standard error counts if it is finite and not negative', () => {
  const errors = [0.02, 0, -1, NaN, Infinity]
  const sources = errors.map((acc_stderr) => {
    const rows = evaluations([1, { acc: 0.7, acc_stderr }]).map((row) => ({ ...row, samples: 50 }))
    return noiseAmong(rows, 'acc')?.source
  })
  expect(sources).toEqual(['logged', 'logged', 'binomial', 'binomial', 'binomial'])
})

const binomialOf = (value: number, samples: number | null, metric = 'acc') =>
  noiseAmong(
    evaluations([1, { [metric]: value }]).map((row) => ({ ...row, samples })),
    metric,
  )?.standard_error

test('at 0 and 1 the binomial error is that of one more sample, half of it right', () => {
  const edge = Math.sqrt((((0.5 / 11) * 10.5) / 11) * (1 / 11))
  for (const value of [0, 1]) expect(binomialOf(value, 10)).toBeCloseTo(edge, 12)
  expect(binomialOf(100, 10)).toBeCloseTo(100 * edge, 10)
})

test('a value that is not a share, or has no number of samples, has no binomial error', () => {
  expect(binomialOf(-0.1, 10)).toBeUndefined()
  expect(binomialOf(100.5, 10)).toBeUndefined()
  expect(binomialOf(0.5, null)).toBeUndefined()
  expect(binomialOf(0.5, 0)).toBeUndefined()
})

test.each([
  ...['eval_accuracy', 'acc', 'gsm8k/exact_match,strict-match', 'eval_em', 'win_rate', 'pass@1'],
  ...['eval_rewards/accuracies', 'mmlu/acc_norm,none', 'top acc'],
])('%s is a share of samples', (metric) => {
  expect(binomialOf(0.5, 100, metric)).toBeCloseTo(0.05, 12)
})

test.each([
  ...['eval_loss', 'macc', 'acc_of_it', 'eval_token_accuracy', 'eval/mean_accuracy'],
  ...[
    'balanced_accuracy',
    'macro_acc',
    'x_token_accuracy',
    'acc,macro',
    'mean token_accuracy',
    'eval_rewards/accuracies_x',
  ],
])('%s is not a share of samples', (metric) => {
  expect(binomialOf(0.5, 100, metric)).toBeUndefined()
})

test('the noise of shares comes from their samples, unless the curve is four times calmer', () => {
  const shares = (spike: number) =>
    evaluations(
      ...[0, 0, 0, spike, 0, 0, 0].map((more, step) => [step, { acc: 0.5 + more }] as const),
    ).map((row) => ({ ...row, samples: 100 }))
  // Their binomial error is 0.05; the curves spread by 0.0106 and by 0.0142.
  expect(noiseAmong(shares(0.015), 'acc', 'max')?.source).toBe('residual')
  expect(noiseAmong(shares(0.02), 'acc', 'max')?.source).toBe('binomial')
})
