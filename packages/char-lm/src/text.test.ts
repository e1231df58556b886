import { expect, test } from 'vitest'
import { findPreset, PRESETS } from './preset.ts'
import { Alphabet, fixedBatches, readSplits, trainBatch } from './text.ts'

test('the three splits have the sizes asked for, follow each other and do not overlap', () => {
  for (const preset of Object.values(PRESETS)) {
    const { train, evaluation, test } = readSplits(preset)
    expect([train.length, evaluation.length, test.length]).toEqual([
      preset.train_characters,
      preset.eval_characters,
      preset.test_characters,
    ])
    const whole = readSplits({ train_characters: 40_000, eval_characters: 0, test_characters: 0 })
    expect(whole.train.startsWith(train + evaluation + test)).toBe(true)
    for (const part of [evaluation, test]) expect(train).not.toContain(part.slice(0, 60))
    expect(evaluation).not.toContain(test.slice(0, 60))
  }
})

test('the splits are the book itself', () => {
  expect(readSplits(findPreset('quick')).train).toContain('Call me Ishmael. Some years ago')
})

test('an alphabet numbers the characters of its text from 1; 0 is an unknown character', () => {
  const alphabet = new Alphabet('cabbage')
  expect(alphabet.characters).toBe('abceg')
  expect(alphabet.size).toBe(6)
  expect([...alphabet.encode('bag!')]).toEqual([2, 1, 5, 0])
  expect(alphabet.decode([2, 1, 5, 0])).toBe('bag\ufffd')
})

test('a training batch depends only on seed and step, and its targets are one character ahead', () => {
  const text = Int32Array.from({ length: 50 }, (_, at) => at)
  const sizes = { batch_size: 40, context: 8, seed: 1 }
  const { tokens, targets } = trainBatch(text, 3, sizes)
  expect(trainBatch(text, 3, sizes)).toEqual({ tokens, targets })
  expect(trainBatch(text, 4, sizes).tokens).not.toEqual(tokens)
  expect(targets).toEqual(tokens.map((token) => token + 1))
  expect(Math.min(...tokens)).toBe(0)
  expect(Math.max(...targets)).toBe(49)
})

test('fixed batches cover a text once, up to its last whole batch', () => {
  const text = Int32Array.from({ length: 50 }, (_, at) => at)
  const batches = fixedBatches(text, { batch_size: 3, context: 4 })
  expect(batches).toHaveLength(4)
  expect(batches.flatMap((batch) => [...batch.tokens])).toEqual([...text.subarray(0, 48)])
  expect(batches.flatMap((batch) => [...batch.targets])).toEqual([...text.subarray(1, 49)])
})
