import { expect, test } from 'vitest'
import { zeroMoments } from './adam.ts'
import { Learner } from './learner.ts'
import { initialTensors, type Model, tensorShapes } from './model.ts'
import { findPreset } from './preset.ts'

const MODEL: Model = { vocabulary: 16, context: 8, width: 16, heads: 2, layers: 2 }
const PRESET = { ...findPreset('quick'), ...MODEL, batch_size: 4 }

function learnerOf(seed: number): Learner {
  const model = initialTensors(MODEL, seed)
  return new Learner(MODEL, PRESET, { model, optimizer: zeroMoments(model) })
}

const COUNTING = {
  tokens: Int32Array.from({ length: 32 }, (_, at) => at % 8),
  targets: Int32Array.from({ length: 32 }, (_, at) => (at % 8) + 1),
}

test('the first weights depend on the seed alone and have the shapes of the model', () => {
  const tensors = initialTensors(MODEL, 1)
  expect(initialTensors(MODEL, 1)).toEqual(tensors)
  expect(initialTensors(MODEL, 2)).not.toEqual(tensors)
  const shapes = Object.entries(tensors).map(([name, tensor]) => [name, tensor.shape])
  expect(Object.fromEntries(shapes)).toEqual(tensorShapes(MODEL))
})

test('the loss of an untrained model is the logarithm of its vocabulary size', () => {
  expect(learnerOf(1).loss([COUNTING])).toBeCloseTo(Math.log(16), 1)
})

test('a prediction does not depend on later characters', () => {
  const learner = learnerOf(1)
  const before = learner.logits(Int32Array.of(1, 2, 3, 4, 5, 6, 7, 8))
  const after = learner.logits(Int32Array.of(1, 2, 3, 4, 9, 9, 9, 9))
  expect(after.subarray(0, 4 * 16)).toEqual(before.subarray(0, 4 * 16))
  expect(after.subarray(4 * 16)).not.toEqual(before.subarray(4 * 16))
})

test('a learner learns, and an evaluation between two steps changes nothing', () => {
  const [plain, evaluated] = [learnerOf(1), learnerOf(1)]
  const losses = [plain, evaluated].map((learner) =>
    Array.from({ length: 30 }, (_, at) => {
      if (learner === evaluated) learner.loss([COUNTING])
      return learner.learn(at + 1, COUNTING, 0.01).loss
    }),
  )
  expect(losses[0]).toEqual(losses[1])
  expect(losses[0]!.at(-1)).toBeLessThan(0.5)
  expect(plain.snapshot()).toEqual(evaluated.snapshot())
})

test('a learner with replaced weights has the loss of those weights', () => {
  const [learner, other] = [learnerOf(1), learnerOf(2)]
  learner.setWeights(other.snapshot().model)
  expect(learner.loss([COUNTING])).toBe(other.loss([COUNTING]))
})

test('a gradient agrees with the slope of the loss', () => {
  const learner = learnerOf(1)
  const { model, optimizer } = learner.snapshot()
  learner.learn(1, COUNTING, 0)
  const first = learner.snapshot().optimizer['first.head']!.data
  const at = first.reduce(
    (best, value, index) => (Math.abs(value) > Math.abs(first[best]!) ? index : best),
    0,
  )
  const lossWith = (shift: number) => {
    const moved = { ...model, head: { ...model['head']!, data: model['head']!.data.slice() } }
    moved.head.data[at]! += shift
    return new Learner(MODEL, PRESET, { model: moved, optimizer }).loss([COUNTING])
  }
  const slope = (lossWith(0.01) - lossWith(-0.01)) / 0.02
  const norm = new Learner(MODEL, PRESET, { model, optimizer }).learn(1, COUNTING, 0).grad_norm
  expect((first[at]! / (1 - PRESET.adam_beta1)) * Math.max(1, norm)).toBeCloseTo(slope, 2)
})
