import { expect, test } from 'vitest'
import type { Backtest, PolicyFigures } from './figures.ts'
import { LOWEST } from './picks.ts'
import { distinctPolicies } from './twins.ts'

type Picked = readonly [step: number, attempt: number] | undefined
type Run = readonly [twin: Picked, baseline: Picked]

/** The rows of a backtest in which the policy and its baseline picked these checkpoints, run by run. */
function rows(...runs: Run[]): PolicyFigures[] {
  const policies = [
    { policy: 'lowest_eval_loss', kind: 'policy', beside: [{ baseline: LOWEST }] },
    { policy: 'scored', kind: 'policy', beside: [{ baseline: LOWEST }, { baseline: 'last' }] },
    { policy: LOWEST, kind: 'baseline', beside: [] },
  ]
  const replayed = runs.map(([twin, baseline]) => ({
    picks: [
      ...(twin ? [{ policy: 'lowest_eval_loss', step: twin[0], attempt: twin[1] }] : []),
      ...(baseline ? [{ policy: LOWEST, step: baseline[0], attempt: baseline[1] }] : []),
    ],
  }))
  return distinctPolicies({ replayed, policies } as unknown as Backtest)
}
const names = (...runs: Run[]) => rows(...runs).map(({ policy }) => policy)

test('a baseline that picks as its policy does in every run is no row of its own', () => {
  const two = ['lowest_eval_loss', 'scored']
  expect(
    names(
      [
        [100, 0],
        [100, 0],
      ],
      [
        [200, 1],
        [200, 1],
      ],
    ),
  ).toEqual(two)
  expect(names([undefined, undefined])).toEqual(two)
  const three = [...two, LOWEST]
  expect(
    names(
      [
        [100, 0],
        [100, 0],
      ],
      [
        [200, 0],
        [300, 0],
      ],
    ),
  ).toEqual(three)
  expect(
    names([
      [100, 0],
      [100, 1],
    ]),
  ).toEqual(three)
  expect(names([[100, 0], undefined])).toEqual(three)
  expect(names([undefined, [100, 0]])).toEqual(three)
})

test('the policy then is the baseline: others are compared with it, and it is not', () => {
  const [twin, scored] = rows([
    [100, 0],
    [100, 0],
  ])
  expect(twin).toMatchObject({ kind: 'baseline', beside: [] })
  expect(scored).toMatchObject({
    kind: 'policy',
    beside: [{ baseline: 'lowest_eval_loss' }, { baseline: 'last' }],
  })
})
