import fc from 'fast-check'
import { expect, test } from 'vitest'
import { backtest } from './backtest.ts'
import type { BacktestRun } from './replay.ts'
import { aRun, figuresOf } from './testing.ts'

const target = 'accuracy'
/** Each run of a property draws some 50,000 bootstrap means. */
const few = { numRuns: 30 }
/** Whole numbers, some equal, some not finite. */
const value = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: -50, max: 50 }) },
  { weight: 1, arbitrary: fc.constantFrom(NaN, Infinity, -Infinity, null) },
)
const evaluation = fc.record({ eval_loss: value, eval_accuracy: value, eval_f1: value })
const rows = fc.array(evaluation, { maxLength: 12 })
const someRuns = fc
  .array(fc.tuple(rows, fc.constantFrom('a', 'b', 'c', 'd')), { maxLength: 8 })
  .map((all) => all.map(([values, group], index) => aRun(`run ${index}`, group, values)))

function scaled(run: BacktestRun, scale: number): BacktestRun {
  const evaluations = run.rows.evaluations.map((one) => ({
    ...one,
    values: Object.fromEntries(
      Object.entries(one.values).map(([name, of]) => [name, of === null ? null : of * scale]),
    ),
  }))
  return { ...run, rows: { ...run.rows, evaluations } }
}

test('every regret is from 0 to 1, and 0 only if nothing is better', () => {
  fc.assert(
    fc.property(someRuns, (runs) => {
      for (const { picks } of backtest(runs, { target }).replayed) {
        for (const { regret, is_exact } of picks) {
          expect(regret >= 0 && regret <= 1).toBe(true)
          expect(regret === 0).toBe(is_exact)
        }
      }
    }),
    few,
  )
})

test('every run is either replayed or skipped', () => {
  fc.assert(
    fc.property(someRuns, (runs) => {
      const { replayed, skipped } = backtest(runs, { target })
      const names = [...replayed, ...skipped].map(({ name }) => name)
      expect(names.sort()).toEqual(runs.map(({ name }) => name).sort())
    }),
    few,
  )
})

test('the order of runs changes nothing', () => {
  const shuffled = someRuns.chain((runs) =>
    fc.tuple(fc.constant(runs), fc.shuffledSubarray(runs, { minLength: runs.length })),
  )
  fc.assert(
    fc.property(shuffled, ([runs, others]) => {
      expect(backtest(others, { target })).toEqual(backtest(runs, { target }))
    }),
    few,
  )
})

test('the unit of a metric changes no figure', () => {
  fc.assert(
    fc.property(someRuns, fc.constantFrom(0.25, 3, 1000), (runs, scale) => {
      const plain = backtest(runs, { target })
      const other = backtest(
        runs.map((run) => scaled(run, scale)),
        { target },
      )
      for (const { policy, mean_regret } of plain.policies) {
        expect(figuresOf(other, policy).mean_regret ?? -1).toBeCloseTo(mean_regret ?? -1, 9)
      }
    }),
    few,
  )
})

test('the same seed draws the same intervals; fewer than two groups have none', () => {
  fc.assert(
    fc.property(someRuns, fc.integer(), (runs, seed) => {
      const answer = backtest(runs, { target, seed })
      expect(backtest(runs, { target, seed })).toEqual(answer)
      for (const { interval, mean_regret, groups } of answer.policies) {
        if (groups < 2) expect(interval).toBeNull()
        else expect(interval![0] <= interval![1]).toBe(true)
        if (mean_regret === 0) expect(interval ?? [0, 0]).toEqual([0, 0])
      }
    }),
    few,
  )
})
