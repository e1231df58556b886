import { expect, test } from 'vitest'
import { parameterProblemText, parameterValues } from './parameterValues.ts'
import { RecipeParameter, type RecipeParameters } from './recipeParameter.ts'
import { MOST_RUNS, plannedRuns } from './sweep.ts'

const PARAMETERS: RecipeParameters = {
  lr: { type: 'number', minimum: 1e-6, maximum: 0.1, default: 3e-4 },
  epochs: { type: 'integer', minimum: 1, maximum: 10 },
  model: { type: 'choice', choices: ['small', 'large'], default: 'small' },
  note: { type: 'text', longest: 5, default: '-' },
}

const problemOf = (given: Record<string, string | number>) => {
  const found = parameterValues(PARAMETERS, given)
  return 'problem' in found ? parameterProblemText(found.problem) : found.values
}

test('values are those that were given, else the defaults; texts of forms are numbers', () => {
  const values = { lr: 3e-4, epochs: 3, model: 'small', note: '-' }
  expect(problemOf({ epochs: '3' })).toEqual(values)
  expect(problemOf({ epochs: 10, lr: ' 1e-6 ', model: 'large', note: 'a b' })).toEqual({
    ...{ lr: 1e-6, epochs: 10, model: 'large', note: 'a b' },
  })
})

test.each<[Record<string, string | number>, string]>([
  [{}, 'Give a value for epochs.'],
  [{ epochs: '' }, 'Give a value for epochs.'],
  [{ epochs: 1.5 }, 'epochs must be a whole number; got "1.5".'],
  [{ epochs: 'many' }, 'epochs must be a number; got "many".'],
  [{ epochs: ' ' }, 'epochs must be a number; got " ".'],
  [{ epochs: Infinity }, 'epochs must be a number; got "Infinity".'],
  [{ epochs: 0 }, 'epochs must be between 1 and 10; got "0".'],
  [{ epochs: 11 }, 'epochs must be between 1 and 10; got "11".'],
  [{ epochs: 1, model: 'Large' }, 'model must be one of: small, large; got "Large".'],
  [{ epochs: 1, note: '123456' }, 'note must have at most 5 characters; got 6.'],
  [{ epochs: 1, seed: 1 }, 'There is no parameter "seed". Parameters: lr, epochs, model, note.'],
  [
    { epochs: 1, toString: 1 },
    'There is no parameter "toString". Parameters: lr, epochs, model, note.',
  ],
])('%j: %s', (given, sentence) => {
  expect(problemOf(given)).toBe(sentence)
})

test('bounds in the wrong order, and unknown keys, are refused', () => {
  expect(RecipeParameter.safeParse({ type: 'number', minimum: 2, maximum: 1 }).success).toBe(false)
  expect(RecipeParameter.safeParse({ type: 'text', least: 1 }).success).toBe(false)
})

const planned = (written: Record<string, string>) => {
  const found = plannedRuns(PARAMETERS, written)
  return 'problem' in found ? parameterProblemText(found.problem) : found.runs
}

test('several values with commas make a run for each combination; a text keeps its commas', () => {
  const rest = { epochs: 1, note: 'a,b' }
  expect(planned({ epochs: '1', lr: ' 0.01, 0.1,', model: 'small,large', note: 'a,b' })).toEqual([
    ...[
      { lr: 0.01, model: 'small', ...rest },
      { lr: 0.01, model: 'large', ...rest },
    ],
    ...[
      { lr: 0.1, model: 'small', ...rest },
      { lr: 0.1, model: 'large', ...rest },
    ],
  ])
})

test('an empty field is the default, or missing', () => {
  const run = { lr: 3e-4, epochs: 2, model: 'small', note: '-' }
  expect(planned({ epochs: '2', lr: '', note: '' })).toEqual([run])
  expect(planned({ epochs: ' , ' })).toBe('Give a value for epochs.')
})

test('one wrong value of a sweep is a problem of all, and so are too many runs', () => {
  expect(planned({ epochs: '1,2,30' })).toBe('epochs must be between 1 and 10; got "30".')
  const many = Array.from({ length: MOST_RUNS }, () => '0.1').join()
  expect(planned({ epochs: '1', lr: many })).toHaveLength(MOST_RUNS)
  expect(planned({ epochs: '1,2', lr: many })).toBe('These are more than 100 runs.')
})
