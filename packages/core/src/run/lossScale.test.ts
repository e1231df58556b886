import { expect, test } from 'vitest'
import { isOneScale, lossGap, NO_LOSSES, scaleAfter } from './lossScale.ts'

type Pair = readonly [train_loss: number | null, eval_loss: number | null, epoch?: number]

const scaleOf = (...pairs: readonly Pair[]) =>
  pairs.reduce(
    (scale, [train_loss, eval_loss, epoch = null]) =>
      scaleAfter(scale, { train_loss, eval_loss, epoch }),
    NO_LOSSES,
  )

test('losses are of one scale unless most training losses are more than 1.8 times the evaluation’s', () => {
  expect(isOneScale(scaleOf([1.9, 1], [1.9, 1], [1, 1]))).toBe(false)
  expect(isOneScale(scaleOf([1.8, 1], [1.8, 1], [1, 1]))).toBe(true)
  expect(isOneScale(scaleOf([1.9, 1], [1, 1]))).toBe(true)
})

test('a training loss far below the evaluation’s counts in the first epoch alone', () => {
  expect(isOneScale(scaleOf([0.2, 1, 0.5], [0.2, 1, 1]))).toBe(false)
  expect(isOneScale(scaleOf([0.2, 1, 2], [0.2, 1, 3]))).toBe(true)
  expect(isOneScale(scaleOf([0.2, 1], [0.2, 1]))).toBe(true)
  expect(isOneScale(scaleOf([0.29, 1, 1], [0.29, 1, 1]))).toBe(true)
})

test('one evaluation does not tell the scale, and what is not finite or not above 0 is not counted', () => {
  expect(isOneScale(scaleOf([9, 1]))).toBe(true)
  expect(scaleOf([NaN, 1], [Infinity, 1], [0, 1], [1, 0], [-1, -1], [null, 1])).toEqual(NO_LOSSES)
})

test('a gap is evaluation loss less training loss, or the reason why there is none', () => {
  const apart = scaleOf([9, 1], [9, 1])
  expect(lossGap({ eval_loss: 3, train_loss: 2 }, NO_LOSSES)).toEqual({ value: 1, missing: null })
  expect(lossGap({ eval_loss: 3, train_loss: NaN }, NO_LOSSES).value).toBeNaN()
  expect(lossGap({ eval_loss: 1, train_loss: 9 }, apart).missing).toBe('unlike_scales')
  expect(lossGap({ eval_loss: null, train_loss: 9 }, apart).missing).toBe('no_eval_loss')
  expect(lossGap({ eval_loss: 1, train_loss: null }, apart).missing).toBe('no_train_loss')
})
