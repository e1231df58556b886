import { expect, test } from 'vitest'
import { isOneScale, lossGap, NO_LOSSES, scaleAfter, scaleRatio } from './lossScale.ts'

type Pair = readonly [train_loss: number | null, eval_loss: number | null, epoch?: number]

const scaleOf = (...pairs: readonly Pair[]) =>
  pairs.reduce(
    (scale, [train_loss, eval_loss, epoch = null]) =>
      scaleAfter(scale, { train_loss, eval_loss, epoch }),
    NO_LOSSES,
  )

const times = (pair: Pair, count = 3): Pair[] => Array.from({ length: count }, () => pair)

test('losses have one scale unless most training losses are more than 1.8 times the evaluation’s', () => {
  expect(isOneScale(scaleOf(...times([1.9, 1])))).toBe(false)
  expect(isOneScale(scaleOf(...times([1.8, 1])))).toBe(true)
  expect(isOneScale(scaleOf(...times([1.9, 1]), ...times([1, 1], 2)))).toBe(true)
  expect(isOneScale(scaleOf(...times([1.9, 1], 5), ...times([1, 1], 4)))).toBe(false)
  expect(isOneScale(scaleOf(...times([1.9, 1], 5), ...times([1, 1], 5)))).toBe(true)
})

test('a training loss far below the evaluation’s counts only in the first epoch', () => {
  expect(isOneScale(scaleOf(...times([0.2, 1, 0.5], 2), [0.2, 1, 1]))).toBe(false)
  expect(isOneScale(scaleOf(...times([0.2, 1, 2])))).toBe(true)
  expect(isOneScale(scaleOf(...times([0.2, 1])))).toBe(true)
  expect(isOneScale(scaleOf(...times([0.29, 1, 1])))).toBe(true)
})

test('a ratio that varies is noise and not another scale; only the first five count', () => {
  expect(isOneScale(scaleOf([2.5, 1], [85, 1], [4, 1]))).toBe(true)
  expect(scaleRatio(scaleOf([4.1, 1], [3.9, 1], [8, 2]))).toBeCloseTo(4, 2)
  const drifting = scaleOf(...times([8, 1], 5), ...times([2, 1], 5))
  expect(scaleRatio(drifting)).toBeCloseTo(8, 9)
  expect(scaleRatio(scaleOf(...times([1, 1], 5)))).toBeNull()
})

test('ratios are one factor if their standard deviation is at most 0.15', () => {
  const ratio = (deviation: number) => {
    const early = { count: 4, sum: 0, squares: 4 * deviation ** 2 }
    return scaleRatio({ ...NO_LOSSES, compared: 4, far_above: 4, early })
  }
  expect(ratio(0.15)).toBe(1)
  expect(ratio(0.1501)).toBeNull()
})

test('an older board has no ratios, so its losses count as one scale', () => {
  expect(isOneScale({ compared: 6, far_above: 6, first_epoch: 0, far_below: 0 })).toBe(true)
})

test('two evaluations are not enough for the scale, and only finite values above 0 count', () => {
  expect(isOneScale(scaleOf(...times([9, 1], 2)))).toBe(true)
  expect(scaleOf([NaN, 1], [Infinity, 1], [0, 1], [1, 0], [-1, -1], [null, 1])).toEqual(NO_LOSSES)
})

test('a gap is evaluation loss minus training loss, or the reason why there is none', () => {
  const apart = scaleOf(...times([9, 1]))
  expect(lossGap({ eval_loss: 3, train_loss: 2 }, NO_LOSSES)).toEqual({ value: 1, missing: null })
  expect(lossGap({ eval_loss: 3, train_loss: NaN }, NO_LOSSES).value).toBeNaN()
  expect(lossGap({ eval_loss: 1, train_loss: 9 }, apart).missing).toBe('unlike_scales')
  expect(lossGap({ eval_loss: null, train_loss: 9 }, apart).missing).toBe('no_eval_loss')
  expect(lossGap({ eval_loss: 1, train_loss: null }, apart).missing).toBe('no_train_loss')
})
