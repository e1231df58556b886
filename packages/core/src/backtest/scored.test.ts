import fc from 'fast-check'
import { expect, test } from 'vitest'
import { backtest } from './backtest.ts'
import { replayOf, type BacktestRun, type Replay } from './replay.ts'
import { coefficientGrid, fitCoefficients } from './scored.ts'
import { aRun, curves, figuresOf } from './testing.ts'

const LENGTH = 6
const target = 'accuracy'

/** A curve of distinct values with its best at one index. */
function curve(best: number, sign: 1 | -1, salt: number): number[] {
  return Array.from({ length: LENGTH }, (_, index) =>
    index === best ? sign * 100 : sign * ((index * 7 + salt * 3) % 11),
  )
}

/** Runs of some groups; the accuracy is best where `at` says. */
function planted(groups: number, at: (lossBest: number) => number): BacktestRun[] {
  return Array.from({ length: groups * 2 }, (_, index) => {
    const lossBest = index % (LENGTH - 1)
    const values = curves(curve(lossBest, -1, index), curve(at(lossBest), 1, index + 5))
    return aRun(`run ${index}`, `group ${index % groups}`, values)
  })
}

function fieldsOf(runs: readonly BacktestRun[]): Replay[] {
  return runs.map((run) => {
    const field = replayOf(run, { target, at_least: 4 })
    if ('code' in field) throw new Error(field.why)
    return field
  })
}

test('the grid contains every division of 1 into quarters, simple ones first', () => {
  expect(coefficientGrid()).toHaveLength(70)
  expect(
    coefficientGrid()
      .slice(0, 5)
      .map((weights) => Object.values(weights)),
  ).toEqual([[1], [1], [1], [1], [1]])
  for (const weights of coefficientGrid()) {
    expect(Object.values(weights).reduce((sum, one) => sum + one, 0)).toBe(1)
  }
})

test('if the last checkpoint is always best, scored finds age and beats lowest eval_loss, not last', () => {
  const answer = backtest(
    planted(4, () => LENGTH - 1),
    { target },
  )
  expect(figuresOf(answer, 'last')).toMatchObject({ mean_regret: 0, exact_share: 1 })
  expect(figuresOf(answer, 'lowest eval_loss').mean_regret).toBeGreaterThan(0.5)
  expect(answer.scored).toMatchObject({ held_out_regret: 0, recommended: false })
  expect(answer.scored.coefficients.age).toBeGreaterThan(0)
})

test('if the lowest loss is always best, scored finds the loss', () => {
  const answer = backtest(
    planted(4, (lossBest) => lossBest),
    { target },
  )
  expect(figuresOf(answer, 'lowest eval_loss')).toMatchObject({ mean_regret: 0, exact_share: 1 })
  expect(figuresOf(answer, 'lowest_eval_loss')).toMatchObject({ mean_regret: 0, exact_share: 1 })
  expect(figuresOf(answer, 'last').mean_regret).toBeGreaterThan(0.5)
  expect(answer.scored).toMatchObject({ held_out_regret: 0, coefficients: { eval_loss: 1 } })
})

/** Runs where another task metric shows the target, but loss and time do not. */
function predictableByAnother(groups: number): BacktestRun[] {
  return planted(groups, (lossBest) => (lossBest + 2) % (LENGTH - 1)).map((run) => {
    const evaluations = run.rows.evaluations.map((one) => {
      const accuracy = one.values['eval_accuracy'] ?? NaN
      return { ...one, values: { ...one.values, eval_f1: Math.tanh(accuracy / 20) } }
    })
    return { ...run, rows: { ...run.rows, evaluations } }
  })
}

test('scored is recommended if it beats both baselines on at least six unseen groups', () => {
  const answer = backtest(predictableByAnother(6), { target })
  expect(answer.scored).toMatchObject({ held_out_regret: 0, recommended: true })
  expect(answer.scored.text).toMatch(
    /^Policy scored is recommended\. With one group held out at a time/,
  )
  const five = backtest(predictableByAnother(5), { target })
  expect(five.scored).toMatchObject({ held_out_regret: 0, recommended: false })
  expect(five.scored.text).toMatch(/at least 6 groups, and there are 5\.$/)
  const one = backtest(predictableByAnother(1), { target })
  expect(one.scored).toMatchObject({ held_out_regret: null, recommended: false })
})

test('a result that noise alone can explain is not recommended', () => {
  const values = fc.array(fc.integer({ min: 0, max: 99 }), { minLength: 12, maxLength: 12 })
  const runs = fc.sample(values, { seed: 5, numRuns: 240 }).map((both, index) => {
    return aRun(`run ${index}`, `group ${index % 6}`, curves(both.slice(0, 6), both.slice(6)))
  })
  const verdicts = Array.from({ length: 10 }, (_, part) => {
    return backtest(runs.slice(24 * part, 24 * (part + 1)), { target }).scored
  })
  const better = verdicts.filter(({ text }) => !text.includes('It is worse'))
  expect(better.length).toBeGreaterThan(0)
  for (const { text } of better) expect(text).toContain('within the noise')
  expect(verdicts.filter(({ recommended }) => recommended)).toEqual([])
})

test('each group has the same weight when coefficients are chosen, for any number of its runs', () => {
  const many = planted(1, () => LENGTH - 1)
  const crowd = Array.from({ length: 5 }, (_, copy) =>
    many.map((run) => ({ ...run, name: `${run.name} ${copy}`, group: 'crowd' })),
  ).flat()
  const others = planted(2, (lossBest) => lossBest)
  expect(fitCoefficients(fieldsOf([...crowd, ...others])).coefficients).toEqual({ eval_loss: 1 })
})

test('with two groups, each is picked with the coefficients of the other', () => {
  const two = fieldsOf(planted(2, (lossBest) => lossBest))
  expect(fitCoefficients(two).held_out.size).toBe(two.length)
  const one = two.filter(({ run }) => run.group === 'group 0')
  expect(fitCoefficients(one).held_out.size).toBe(0)
})

test('coefficients chosen without a group do not depend on it', () => {
  const values = fc.array(fc.tuple(fc.integer(), fc.integer()), { minLength: 4, maxLength: 8 })
  const isUsable = (rows: [number, number][]) => new Set(rows.map(([, one]) => one)).size > 1
  const usable = values.filter(isUsable)
  const others = fc.array(usable, { minLength: 1, maxLength: 4 })
  const run = (rows: [number, number][], index: number, group = `group ${index}`) =>
    aRun(
      `run ${index}`,
      group,
      curves(
        rows.map(([one]) => one),
        rows.map(([, one]) => one),
      ),
    )
  fc.assert(
    fc.property(others, usable, usable, (fixed, left, replaced) => {
      const rest = fixed.map((rows, index) => run(rows, index))
      const weights = [left, replaced].map((rows) =>
        fitCoefficients(fieldsOf([...rest, run(rows, 99, 'left out')])).without.get('left out'),
      )
      expect(weights[0]).toBeDefined()
      expect(weights[0]).toEqual(weights[1])
    }),
  )
})
