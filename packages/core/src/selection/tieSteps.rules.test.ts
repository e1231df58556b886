import { expect, test } from 'vitest'
import { checkpoints, choose, evaluations } from './testing.ts'

/** The choice over these values, each at 100 times its position, all with a standard error of 0.25. */
function among(values: readonly number[], error = 0.25) {
  const rows = values.map((acc, index) => [100 * (index + 1), { acc, acc_stderr: error }] as const)
  return choose({
    evaluations: evaluations(...rows),
    checkpoints: checkpoints(...rows.map(([step]) => step)),
    options: { metric: 'acc' },
  })
}

const tiedSteps = (values: readonly number[], error?: number) =>
  among(values, error).near_ties?.candidates.map(({ step }) => step)

test('a value exactly one standard error from the best is a near tie; a value further away is not', () => {
  expect(tiedSteps([0.5, 0.75, 0.49])).toEqual([100, 200])
})

test('near ties are listed by step; if all candidates are within the noise, all are listed', () => {
  expect(tiedSteps([0.75, 0.875, 0.8])).toEqual([100, 200, 300])
})

test('noise is that of the best checkpoint, not of the first', () => {
  const rows = evaluations(
    [100, { acc: 0.5, acc_stderr: 0.4 }],
    [200, { acc: 0.75, acc_stderr: 0.01 }],
  )
  const { near_ties } = choose({
    evaluations: rows,
    checkpoints: checkpoints(100, 200),
    options: { metric: 'acc' },
  })
  expect(near_ties?.candidates.map(({ step }) => step)).toEqual([200])
})

test.each([
  ['two are named', [0.75, 0.75], 'Steps 100 and 200'],
  ['three side by side are a range', [0.75, 0.75, 0.75, 0.1], 'Steps 100–300'],
  ['three with another between are named', [0.75, 0.1, 0.75, 0.75], 'Steps 100, 300 and 400'],
  ['four are named', [0.75, 0.1, 0.75, 0.75, 0.75], 'Steps 100, 300, 400 and 500'],
  ['five are counted', [0.7, 0.1, 0.7, 0.7, 0.7, 0.7, 0.1], '5 steps between 100 and 600'],
])('steps in words: %s', (_how, values, words) => {
  const { near_ties } = among(values)
  expect(near_ties?.text.startsWith(`${words} `)).toBe(true)
})

test('equal values without noise are called equal, and the first is taken because it came first', () => {
  const { best, near_ties, reason } = among([0.5, 0.75, 0.75], 0)
  expect(best?.step).toBe(200)
  expect(near_ties?.text).toBe('Steps 200 and 300 have the same value.')
  expect(reason).toMatch(/Steps? 300 has the same value/)
})

test('the text of near ties names their noise, for one tie and for several', () => {
  expect(among([0.5, 0.75]).near_ties?.text).toMatch(/Steps 100 and 200 .*0\.25/)
  expect(among([0.1, 0.75]).near_ties?.text).toMatch(/^No other .*0\.25/)
  expect(among([0.75]).near_ties?.text).toBe('')
})

test('policy within_noise keeps the order of all other candidates, each once', () => {
  const rows = [0.5, 0.7, 0.75, 0.2].map(
    (acc, index) => [100 * (index + 1), { acc, acc_stderr: 0.25 }] as const,
  )
  const ranked = (prefer: 'earliest' | 'latest') =>
    choose({
      policy: 'within_noise',
      evaluations: evaluations(...rows),
      checkpoints: checkpoints(100, 200, 300, 400),
      options: { metric: 'acc', prefer },
    }).ranking.map(({ step }) => step)
  expect(ranked('earliest')).toEqual([100, 300, 200, 400])
  expect(ranked('latest')).toEqual([300, 200, 100, 400])
})

test('several checkpoints of one step are counted, and the next one is named by its path', () => {
  const rows = evaluations([100, { acc: 0.5, acc_stderr: 0 }])
  const files = ['best.pt', 'last.pt', 'step-100.pt'].map((path) => ({ step: 100, path }))
  const { near_ties, reason } = choose({
    evaluations: rows,
    checkpoints: checkpoints(...files),
    options: { metric: 'acc' },
  })
  expect(near_ties?.text).toBe('3 checkpoints of step 100 have the same value.')
  expect(reason).toContain('Another checkpoint has the same step: last.pt.')
  expect(reason).not.toMatch(/100–100|came later/)
})
