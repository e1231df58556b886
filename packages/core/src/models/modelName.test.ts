import { expect, test } from 'vitest'
import { MODEL_NAME, modelNameOf } from './modelName.ts'

test('any job name gives a valid model name', () => {
  const names = ['moby-char-lm', 'Llama 8B (LoRA r=16)', '../../etc', '日本', 'x'.repeat(99)]
  expect(names.map(modelNameOf).slice(0, 4)).toEqual([
    'moby-char-lm',
    'llama-8b-lora-r-16-',
    'etc',
    'model',
  ])
  expect(names.map(modelNameOf).every((name) => MODEL_NAME.test(name))).toBe(true)
})
