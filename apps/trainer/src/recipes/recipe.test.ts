import { expect, test } from 'vitest'
import { childArgv, findRecipe, readChildArgs, type RunRequest } from './recipe.ts'

const FRESH: RunRequest = {
  folder: '/runs/a whale',
  recipe: 'char-lm',
  preset: null,
  attempt: null,
  resume: null,
}

test('a request is the same after it is written as arguments and parsed again', () => {
  for (const request of [
    FRESH,
    { ...FRESH, preset: 'quick', attempt: 0 },
    { ...FRESH, attempt: 2, resume: 'checkpoint-40' },
  ]) {
    expect(readChildArgs(childArgv(request).slice(4))).toEqual(request)
  }
})

test('arguments without a folder or recipe, or with an invalid attempt, are refused with the usage', () => {
  expect(() => readChildArgs(['--recipe=char-lm'])).toThrow('Usage')
  expect(() => readChildArgs(['folder'])).toThrow('Usage')
  expect(() => readChildArgs(['folder', '--recipe=char-lm', '--attempt=first'])).toThrow('Usage')
})

test('the error for an unknown recipe lists the available ones', () => {
  expect(() => findRecipe('llm')).toThrow('Unknown recipe "llm". Available: char-lm.')
})
