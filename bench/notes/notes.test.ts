import { expect, test } from 'vitest'
import { madeRuns } from './notes.ts'

test('a note that no public run gives is given in the run made for it, and not in its near miss', async () => {
  const made = await madeRuns()
  expect(made.map(({ code }) => code)).toEqual([
    'wrong_direction',
    'unbeaten_start',
    'preference_training',
    'speech',
    'averaged_weights',
    'hidden_nan',
    'unlike_samples',
  ])
  for (const one of made) expect(one).toMatchObject({ isGiven: true, isGivenWrongly: false })
})
