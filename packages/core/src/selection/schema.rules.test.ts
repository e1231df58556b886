import { expect, test } from 'vitest'
import { Selection } from './selection.ts'
import { checkpoints, choose, claim, evaluations } from './testing.ts'

test('a selection with all its parts fits its schema', () => {
  const found = choose({
    evaluations: evaluations(
      ...[3, 2.2, 2.5, 2, 2.4, 2.1, 2.3, 1.9].map((loss, at) => [10 * at, loss] as const),
    ),
    checkpoints: checkpoints(10, 30, 40, { step: 50, files_state: 'missing' }),
    claim: claim('checkpoint-40', 40, 2.4),
  })
  const { near_ties, missed_best, second_opinion, skipped } = found
  expect([near_ties, missed_best, second_opinion].includes(null)).toBe(false)
  expect(skipped).toHaveLength(1)
  expect(Selection.parse(found)).toEqual(found)
})

test('a selection without a best fits its schema', () => {
  const found = choose({})
  expect(found).toMatchObject({ best: null, short_reason: '', nothing_to_choose: {} })
  expect(Selection.parse(found)).toEqual(found)
})
