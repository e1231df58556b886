import { expect, test } from 'vitest'
import type { Evaluation } from '../run/rows.ts'
import { checkpoints, choose, evaluations } from './testing.ts'

const LOSSES = [0.5, 0.4, 0.41, 0.9, NaN, 0.39, 0.6, 0.7, 0.65]
const rows = evaluations(
  ...LOSSES.map((eval_loss, index) => {
    return [100 * index, { eval_loss, eval_loss_stderr: 0.05 }] as const
  }),
)
const given = { evaluations: rows, checkpoints: checkpoints(...rows.map(({ step }) => step)) }

/** The evaluations, and how often the origin of a value was asked for, which only a made row needs. */
function watched() {
  const asked: number[] = []
  const watchedRows = rows.map((row): Evaluation => {
    return {
      ...row,
      get origin() {
        asked.push(row.step)
        return null
      },
    }
  })
  return { asked, evaluations: watchedRows }
}

test('only the best and the next one are made before a list is read', () => {
  const { asked, evaluations: watchedRows } = watched()
  const selection = choose({ ...given, evaluations: watchedRows })
  expect(new Set(asked)).toEqual(new Set([500, 100]))
  expect(selection.ranking).toHaveLength(8)
  expect(new Set(asked).size).toBe(8)
})

test('a list is made once, and copies of a selection have all lists', () => {
  const selection = choose(given)
  expect(selection.ranking).toBe(selection.ranking)
  expect(selection.skipped).toBe(selection.skipped)
  expect(selection.near_ties?.candidates).toBe(selection.near_ties?.candidates)
  const { ranking, skipped, near_ties } = structuredClone({ ...selection })
  expect(ranking.map(({ step }) => step)).toEqual([500, 100, 200, 0, 600, 800, 700, 300])
  expect(skipped.map(({ step }) => step)).toEqual([400])
  expect(near_ties?.candidates.map(({ step }) => step)).toEqual([100, 200, 500])
  expect(JSON.parse(JSON.stringify(selection))).toMatchObject({ ranking, skipped })
})

test('the next one is the second of the ranking, whatever the policy', () => {
  for (const prefer of ['earliest', 'latest'] as const) {
    const { best, runner_up, ranking } = choose({
      ...{ ...given, policy: 'within_noise', options: { prefer } },
    })
    expect([best, runner_up]).toEqual(ranking.slice(0, 2))
  }
  const scored = choose({ ...given, policy: 'scored', options: { coefficients: { age: 1 } } })
  expect([scored.best, scored.runner_up]).toEqual(scored.ranking.slice(0, 2))
})

test('two checkpoints of one step do not hide an evaluation without a checkpoint', () => {
  const two = evaluations([100, 1], [200, 0.5])
  const files = ['a', 'b'].map((path) => ({ step: 100, path }))
  const { best, missed_best } = choose({ evaluations: two, checkpoints: checkpoints(...files) })
  expect([best?.step, missed_best?.step]).toEqual([100, 200])
  const three = choose({
    evaluations: evaluations([50, 3], [100, 1], [200, 0.5]),
    checkpoints: checkpoints(...files, 50),
  })
  expect([three.best?.step, three.missed_best?.step]).toEqual([100, 200])
})

test('of checkpoints that cannot win, the reason names the first by step and counts the others', () => {
  const gone = [300, 100, 200].map((step) => ({ step, files_state: 'missing' as const }))
  const { reason, skipped } = choose({ ...given, checkpoints: checkpoints(...gone) })
  expect(skipped.map(({ step }) => step)).toEqual([100, 200, 300])
  expect(reason).toContain(`${skipped[0]?.text}, and 2 more were skipped.`)
})

test('among evaluations a checkpoint without a step belongs to none of them, also not to step 0', () => {
  const best = choose({
    among: 'evaluations',
    evaluations: evaluations([0, 1], [100, 2]),
    checkpoints: checkpoints({ path: 'final' }, 100),
  }).best
  expect(best).toMatchObject({ step: 0, value: 1, path: null })
})
