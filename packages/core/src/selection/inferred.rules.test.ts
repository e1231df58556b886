import { expect, test } from 'vitest'
import { decisionOf } from './decision.ts'
import { checkpoints, choose, evaluations } from './testing.ts'

const rows = evaluations([100, { eval_loss: 1, map: 0.1 }], [200, { eval_loss: 2, map: 0.3 }])
const declaration = {
  metric: 'map',
  direction: 'max',
  declared_by: 'the file best.pt',
  metric_is_inferred: true,
} as const
const given = { evaluations: rows, checkpoints: checkpoints(100, 200), declaration }

test('a metric that the files show decides, and is never called declared', () => {
  const { best, reason } = choose(given)
  expect(best?.step).toBe(200)
  expect(reason).toContain('Inferred from the file best.pt.')
  expect(reason.toLowerCase()).not.toContain('declared')
})

test("the project's metric for undeclared runs has priority over an inferred metric", () => {
  const options = { undeclared: { metric: 'eval_loss', direction: null } }
  expect(choose({ ...given, options }).best?.step).toBe(100)
  const declared = { ...declaration, metric_is_inferred: false }
  expect(choose({ ...given, declaration: declared, options }).best?.step).toBe(200)
})

test('an inferred metric has a separate code', () => {
  const input = { policy: 'as_declared', claim: null, ...given } as const
  expect(decisionOf(input).decided.basis).toBe('inferred')
  const declared = { ...declaration, metric_is_inferred: false }
  expect(decisionOf({ ...input, declaration: declared }).decided.basis).toBe('declared')
})
