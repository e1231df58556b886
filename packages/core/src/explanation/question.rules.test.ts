import { expect, test } from 'vitest'
import type { SelectionInput } from '../selection/input.ts'
import { evaluations } from '../selection/testing.ts'
import { explained } from './testing.ts'

const NAMES = ['a', 'b', 'c', 'd', 'e']

/** The loss is best first. Each score was measured after training, and is best last. */
function scoredRun(...metrics: readonly string[]): Partial<SelectionInput> {
  const measured = (value: number) => Object.fromEntries(metrics.map((name) => [name, value]))
  const by = { origin: null, samples: null, scored_by: 'ana' }
  const details = Object.fromEntries(metrics.map((name) => [name, by]))
  const rows = evaluations(
    [100, { eval_loss: 1, eval_rouge: 1, ...measured(1) }],
    [200, { eval_loss: 2, eval_rouge: 2, ...measured(2) }],
  )
  const directions = Object.fromEntries(metrics.map((name) => [name, 'max' as const]))
  return {
    evaluations: rows.map((row) => ({ ...row, details })),
    declaration: { metric: 'eval_loss', direction: 'min', declared_by: 'the run', directions },
  }
}

test('a question about scores is for one job, so it names no project', () => {
  const { question } = explained(scoredRun('mmlu'), { project: 'tiny' })
  expect(question?.text).toBe(
    'Scores measured after training pick another checkpoint: eval_loss picks step 100 (1), mmlu picks step 200 (2). Which one decides?',
  )
})

test('one score is enough for a question, and its first choice is the present metric', () => {
  const [scored, last] = scoredRun('mmlu').evaluations ?? []
  const evaluations = [scored!, { ...last!, details: {} }]
  const { question } = explained({ ...scoredRun('mmlu'), evaluations })
  expect(question?.choices.map(({ metric, agrees }) => [metric, agrees])).toEqual([
    ['eval_loss', true],
    ['mmlu', false],
  ])
})

test('a person who chose a policy or answered for the project gets no question about scores', () => {
  const undeclared = { metric: 'eval_loss', direction: 'min' as const }
  for (const more of [{ policy: 'lowest_eval_loss' as const }, { options: { undeclared } }]) {
    expect(explained({ ...scoredRun('mmlu'), ...more }).question).toBeNull()
  }
})

test('a question about scores offers no logged metric, and at most three scores', () => {
  const offered = (...metrics: readonly string[]) =>
    explained(scoredRun(...metrics)).question?.choices.map(({ metric }) => metric)
  expect(offered('mmlu')).toEqual(['eval_loss', 'mmlu'])
  expect(offered(...NAMES.map((name) => `mmlu_${name}`))).toHaveLength(4)
  expect(offered()).toBeUndefined()
})

test('of many undeclared evaluation losses a question offers at most four', () => {
  const losses = (value: (at: number) => number) =>
    Object.fromEntries(NAMES.map((name, at) => [`eval_${name}_loss`, value(at)]))
  const rows = evaluations([100, losses((at) => at)], [200, losses((at) => 5 - at)])
  const asked = (more: Partial<SelectionInput> = {}) =>
    explained({ evaluations: rows, ...more }, { project: 'tiny' }).question
  expect(asked()?.choices).toHaveLength(4)
  expect(asked()?.text).toMatch(
    /^The run does not say which metric decides: .*decides for all runs of the project “tiny”\?$/,
  )
  const answered = { undeclared: { metric: 'eval_a_loss', direction: 'min' as const } }
  expect(asked({ options: answered })).toBeNull()
})

test('without a winner, or with a policy that a person chose, nothing is asked', () => {
  const unknown = evaluations([100, { eval_a_zorp: 1, eval_b_zorp: 2 }])
  expect(explained({ evaluations: unknown }).question).toBeNull()
  const several = evaluations([100, { eval_a_loss: 1, eval_b_loss: 2 }])
  expect(explained({ evaluations: several }).question).not.toBeNull()
  const chosen = { policy: 'within_noise', options: { prefer: 'earliest' } } as const
  expect(explained({ evaluations: several, ...chosen }).question).toBeNull()
})
