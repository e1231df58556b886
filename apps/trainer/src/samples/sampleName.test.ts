import { expect, test } from 'vitest'
import { readSampleName } from './sampleName.ts'

test.each([
  ['cat_000500_01_20240102030405_42.png', { kind: 'image', step: 500, prompt_index: 1 }],
  ['000500_00_20240102030405.png', { kind: 'image', step: 500, prompt_index: 0 }],
  ['my_cat_v2_e000002_03_20240102030405.png', { epoch: 2, step: null, prompt_index: 3 }],
  ['1700000000000__000000250_2.jpg', { kind: 'image', step: 250, prompt_index: 2 }],
  ['step_100_fox_0_512x512.png', { kind: 'image', step: 100, prompt_key: '_fox_0_512x512' }],
  ['step_100_voice_1.wav', { kind: 'audio', step: 100 }],
  ['global_step=7.webp', { step: 7, prompt_key: '' }],
  ['out-iter-30-b.gif', { step: 30, prompt_key: 'out-b' }],
  ['Epoch 4.MP3', { kind: 'audio', step: null, epoch: 4 }],
])('%s names its step or epoch, and its prompt', (name, expected) => {
  expect(readSampleName(name)).toMatchObject(expected)
})

test('the same prompt has the same key at every step', () => {
  const keyAt = (step: number) => readSampleName(`step_${step}_fox_0.png`)?.prompt_key
  expect(keyAt(100)).toBe(keyAt(20_000))
})

test.each([
  ['a file without a step', 'cat_42.png'],
  ['a number that is part of a word', 'footstep9.png'],
  ['an SVG, which may have scripts', 'step_100.svg'],
  ['weights', 'model_step_100.safetensors'],
  ['a number that no step reaches', `step_${'9'.repeat(30)}.png`],
  ['a time without a step', '1700000000000_0.jpg'],
])('%s is no sample: %s', (_what, name) => {
  expect(readSampleName(name)).toBeUndefined()
})

test('a name with a line break is read like any other', () => {
  expect(readSampleName('a\nb_000500_00_20240102030405.png')).toMatchObject({ step: 500 })
  expect(readSampleName('step_5\n.png')).toMatchObject({ step: 5, prompt_key: '\n' })
})
