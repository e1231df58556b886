import { expect, test } from 'vitest'
import type { Sample } from '../api.ts'
import {
  distanceWords,
  firstPair,
  promptRows,
  sampledSteps,
  stepName,
  stepNote,
} from './sampledSteps.ts'

const sample = (step: number | null, more: Partial<Sample> = {}): Sample => ({
  ...{ sample_id: `${step}`, attempt: 0, step, epoch: null, step_from: 'log', prompt_index: 0 },
  ...{ prompt: null, kind: 'text', text: 'a text', path: null, at: null, bytes: null },
  ...{ content_state: 'inline', media_type: null, revision: 1, ...more },
})
const checkpoint = (step: number, is_best = false) => ({ attempt: 0, step, is_best })

test('samples are grouped by step and attempt', () => {
  const steps = sampledSteps([sample(1), sample(1, { prompt_index: 1 }), sample(1, { attempt: 1 })])
  expect(steps.map(({ key, samples }) => [key, samples.length])).toEqual([
    ['0.1', 2],
    ['1.1', 1],
  ])
})

test('the best is left and the last is right', () => {
  const steps = sampledSteps([sample(1), sample(2), sample(3)])
  const pair = firstPair(steps, [checkpoint(2, true), checkpoint(3)])
  expect([pair.left?.step, pair.right?.step]).toEqual([2, 3])
})

test('if the best is the last, the step before it is beside it', () => {
  const steps = sampledSteps([sample(1), sample(2)])
  const pair = firstPair(steps, [checkpoint(2, true)])
  expect([pair.left?.step, pair.right?.step]).toEqual([2, 1])
  expect(firstPair(steps.slice(1), [checkpoint(2, true)]).right?.step).toBe(2)
})

test('without a best the first step is left', () => {
  const pair = firstPair(sampledSteps([sample(1), sample(2)]), [])
  expect([pair.left?.step, pair.right?.step, pair.best]).toEqual([1, 2, undefined])
  expect(firstPair([], [])).toMatchObject({ left: undefined, right: undefined })
})

test('one prompt is on one row, also if a step does not have it', () => {
  const left = [sample(1, { prompt_index: 1, prompt: 'a fox' }), sample(1)]
  const right = [sample(2, { prompt_index: 1 }), sample(2, { prompt_index: 1, kind: 'image' })]
  const rows = promptRows(left, right)
  expect(rows.map(({ name, left: l, right: r }) => [name, l?.step, r?.step])).toEqual([
    ['Prompt 1', 1, undefined],
    ['Prompt 2', undefined, 2],
    ['a fox', 1, 2],
  ])
})

test('a step is named, and an inferred one says so', () => {
  const [of] = sampledSteps([sample(1_500, { attempt: 1, epoch: 3, step_from: 'epoch' })])
  expect([stepName(of!), stepName(of!, true)]).toEqual(['step 1,500', 'step 1,500, attempt 2'])
  expect(stepNote(of!)).toBe('Step inferred from epoch 3.')
  const [unknown] = sampledSteps([sample(null, { epoch: 4, step_from: 'name' })])
  expect(stepName(unknown!)).toBe('epoch 4')
  expect(stepNote(unknown!)).toContain('No checkpoint')
})

test('the distance to the best checkpoint is said, unless there is none', () => {
  expect([0, -50, 1].map(distanceWords)).toEqual([
    '',
    '50 steps before the best checkpoint',
    '1 step after the best checkpoint',
  ])
})
