import { expect, test } from 'vitest'
import { isLoss, isTest } from './direction.ts'
import { aggregateDirection, partsOf, withAggregate } from './aggregate.ts'
import { asLogged, Finder, firstEvaluations, metricNames } from './evaluations.ts'
import { errorFigure, figure, listedWords, signed } from './figure.ts'
import { directionOf } from './directionOf.ts'
import { evaluations } from '../selection/testing.ts'

test('a value has five significant digits and no trailing zeros, an error has two', () => {
  expect([1.234567, 1.5, 0.000123456, 123456].map(figure)).toEqual([
    ...['1.2346', '1.5', '0.00012346', '123460'],
  ])
  expect([0.01234, 0.5].map(errorFigure)).toEqual(['0.012', '0.5'])
})

test('a look-up gives the first of equal rows, however often and in whatever order it is asked', () => {
  const rows = [1, 2, 2, 2, 3].map((step, at) => ({ attempt: 0, step, at }))
  const finder = new Finder(rows)
  const found = [2, 2, 2, 3, 3, 1, 2, 4, 2].map((step) => finder.find({ attempt: 0, step })?.at)
  expect(found).toEqual([1, 1, 1, 4, 4, 0, 1, undefined, 1])
  expect(finder.find({ attempt: 1, step: 2 })).toBeUndefined()
  const two = new Finder(rows.slice(1, 3))
  expect([2, 2, 2].map((step) => two.find({ attempt: 0, step })?.at)).toEqual([1, 1, 1])
})

test('a difference has its sign, and 0 has a plus', () => {
  expect([-0.5, 0.5, 0].map(signed)).toEqual(['−0.5', '+0.5', '+0'])
})

test('a list of names ends with "and"', () => {
  expect([[], ['a'], ['a', 'b'], ['a', 'b', 'c']].map(listedWords)).toEqual([
    ...['', 'a', 'a and b', 'a, b and c'],
  ])
})

test('an aggregate has its parts, with any spacing', () => {
  expect(partsOf(' mean( a ,  b ) ')).toEqual(['a', 'b'])
  expect(partsOf('worst(a,b)')).toEqual(['a', 'b'])
  expect(partsOf('mean(a,, b)')).toEqual(['a,', 'b'])
  expect(partsOf('mean(a,,b)')).toEqual(['a', 'b'])
  expect(partsOf('mean(mAP50(B, small), f1)')).toEqual(['mAP50(B, small)', 'f1'])
  expect(partsOf('mean(x/exact_match,strict-match, mmlu/acc)')).toEqual([
    ...['x/exact_match,strict-match', 'mmlu/acc'],
  ])
})

test('a plain metric has no parts', () => {
  for (const name of ['a', 'mean', 'mean()', 'mean(,)', 'demean(a)', 'mean(a) b', 'best(a, b)']) {
    expect(partsOf(name)).toBeUndefined()
  }
})

test('an aggregate has the common direction of its parts', () => {
  expect(aggregateDirection(['eval_loss', 'eval_wer'])).toBe('min')
  expect(aggregateDirection(['eval_loss', 'eval_f1'])).toBeUndefined()
  expect(aggregateDirection(['eval_loss', 'zorp'])).toBeUndefined()
  expect(aggregateDirection(['eval_f1', 'zorp'], { zorp: 'max' })).toBe('max')
})

test('the worst of several is the highest if lower is better, otherwise the lowest', () => {
  const rows = evaluations([100, { a: 1, b: 4 }])
  const worst = (metric: string, direction: 'min' | 'max') =>
    withAggregate(rows, metric, direction)[0]?.values[metric]
  expect([worst('worst(a, b)', 'min'), worst('worst(a, b)', 'max')]).toEqual([4, 1])
  expect([worst(' worst(a, b)', 'min'), worst('mean(a, b)', 'min')]).toEqual([4, 2.5])
})

test('an aggregate is missing if a part is missing, NaN if one is not finite, and finds eval_ names', () => {
  const rows = evaluations(
    [100, { a: 1 }],
    [200, { a: 1, eval_b: 2 }],
    [300, { a: 1, b: Infinity }],
    [400, { a: 1, b: null, eval_b: 2 }],
  )
  const values = withAggregate(rows, 'mean(a, b)', 'min').map((row) => row.values['mean(a, b)'])
  expect(values).toEqual([undefined, 1.5, NaN, NaN])
  expect(withAggregate(rows, 'mean(a, b)', 'min')[0]).not.toHaveProperty(['values', 'mean(a, b)'])
  expect(withAggregate(rows, 'a', 'min')).toBe(rows)
})

test('a test split is recognised by the start of its name', () => {
  expect(['test_loss', 'Test/acc', 'latest_loss', 'eval_test_loss'].map(isTest)).toEqual([
    ...[true, true, false, false],
  ])
})

test('a loss is recognised by the last part of its name', () => {
  expect(['loss', 'val/loss', 'a_loss', 'loss_scale', 'gloss'].map(isLoss)).toEqual([
    ...[true, true, true, false, false],
  ])
})

test('separators between the words of a metric do not matter', () => {
  expect(directionOf('exact--match')).toBe('max')
  expect(directionOf('(win rate)')).toBe('max')
})

test('the first measurement of a metric counts, and later evaluations add missing metrics', () => {
  const first = { ...evaluations([100, { a: 1, b: 2 }])[0]!, samples: 10 }
  const again = { ...evaluations([100, { a: 9, c: 3 }])[0]!, samples: 20, epoch: 0.5 }
  const [row, ...others] = firstEvaluations([first, ...evaluations([50, 1]), again]).slice(1)
  expect(others).toEqual([])
  expect(row).toMatchObject({ step: 100, epoch: 0.5, values: { a: 1, b: 2, c: 3 }, samples: 10 })
  expect(row?.details).toEqual({ c: { origin: null, samples: 20 } })
  expect(firstEvaluations([{ ...first, epoch: 0.4 }, again])[0]?.epoch).toBe(0.4)
})

test('an evaluation that adds nothing does not change the first', () => {
  const [first, again] = evaluations([100, { a: 1 }], [100, { a: 2, a_stderr: 0.1 }])
  expect(firstEvaluations([first!, again!])[0]).toBe(first)
})

test('evaluations are in order of step, then attempt, and are not copied if they are already in order', () => {
  const rows = evaluations([200, 1], [100, 1, 1], [100, 2])
  expect(firstEvaluations(rows).map(({ step, attempt }) => [step, attempt])).toEqual([
    ...[
      [100, 0],
      [100, 1],
      [200, 0],
    ],
  ])
  const ordered = evaluations([100, 1], [200, 1])
  expect(firstEvaluations(ordered)).toBe(ordered)
})

test('rates, times and errors are not metrics', () => {
  const rows = evaluations(
    [1, { b: 1, eval_runtime: 1, samples: 5 }],
    [2, { a: 1, b: 2, b_stderr: 1, 'val/samples_per_second': 1 }],
  )
  expect(metricNames(rows)).toEqual(['b', 'a'])
})

test('a metric is found by its logged name, and a test metric never replaces another', () => {
  expect(asLogged('val_f1', ['eval_f1'])).toBe('eval_f1')
  expect(asLogged('val_f1', ['eval_f1', 'val_f1'])).toBe('val_f1')
  expect(asLogged('f1', ['val_f1', 'eval_f1'])).toBe('eval_f1')
  expect(asLogged('test_f1', ['eval_f1'])).toBe('test_f1')
  expect(asLogged('f2', ['eval_f1'])).toBe('f2')
  expect(asLogged('f1', ['eval_loss', 'validation_f1'])).toBe('validation_f1')
  expect(asLogged('f1', ['eval_validation/f1'])).toBe('eval_validation/f1')
  expect(asLogged('f1', ['valid_f1', 'validation_f1'])).toBe('f1')
  expect(asLogged('f1', ['test_f1'])).toBe('f1')
})

test('a phoneme error rate in parentheses is not a rate per something', () => {
  expect(directionOf('(per)')).toBe('min')
  expect(directionOf('samples_per_second')).toBeUndefined()
})

test('repeats are joined at every step, even if everything else is in order', () => {
  const rows = evaluations([50, 1], [60, 1], [100, 1], [100, { f1: 1 }], [100, 9])
  expect(firstEvaluations(rows).map(({ values }) => values)).toEqual([
    ...[{ eval_loss: 1 }, { eval_loss: 1 }, { eval_loss: 1, f1: 1 }],
  ])
  expect(firstEvaluations(evaluations([100, 1], [100, 2]))).toHaveLength(1)
})
