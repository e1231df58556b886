import { numpy as np } from '@jax-js/jax'
import { expect, test } from 'vitest'
import { adam, adamRates } from './adam.ts'

const SIZES = { adam_beta1: 0.9, adam_beta2: 0.99, max_grad_norm: 1 }

function step(gradient: number[], number = 1) {
  const [rate, correction] = adamRates(0.1, number, SIZES)
  const zeros = () => np.zeros([gradient.length])
  const [weights, moments, norm] = adam(
    { w: zeros() },
    { 'first.w': zeros(), 'second.w': zeros() },
    { w: np.array(gradient) },
    [np.array(rate), np.array(correction)],
    SIZES,
  )
  return { weights: weights['w']!.js(), first: moments['first.w']!.js(), norm: norm.item() }
}

test('the first step is the learning rate against the sign of each gradient', () => {
  const { weights, norm } = step([0.3, -0.4])
  expect(weights[0]).toBeCloseTo(-0.1, 5)
  expect(weights[1]).toBeCloseTo(0.1, 5)
  expect(norm).toBeCloseTo(0.5, 6)
})

test('a gradient longer than the bound is scaled to it; the returned norm is the unscaled one', () => {
  const { first, norm } = step([30, -40])
  expect(norm).toBeCloseTo(50, 4)
  expect(first[0]).toBeCloseTo(0.06, 5)
  expect(first[1]).toBeCloseTo(-0.08, 5)
})

test('a gradient within the bound is not changed', () => {
  expect(step([0.3, -0.4]).first[0]).toBeCloseTo(0.03, 6)
})
