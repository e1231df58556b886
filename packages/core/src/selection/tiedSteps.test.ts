import fc from 'fast-check'
import { expect, test } from 'vitest'
import { listedWords } from '../metric/figure.ts'
import { CheckpointCandidates } from './candidates.ts'
import { checkpoints, evaluations } from './testing.ts'
import { TiedSteps } from './tiedSteps.ts'

/** A candidate or a checkpoint that cannot win, at one of few steps, and whether it is collected. */
const row = fc.record({
  step: fc.nat(9),
  attempt: fc.nat(1),
  able: fc.boolean(),
  tied: fc.boolean(),
})
const rows = fc
  .array(row, { minLength: 1, maxLength: 16 })
  .map((all) => all.toSorted((a, b) => a.step - b.step || a.attempt - b.attempt))

interface Row {
  step: number
  able: boolean
  tied: boolean
}

/** The same words from a list of all candidates. */
function fromList(all: readonly Row[]): string {
  const able = all.filter((one) => one.able)
  const tied = able.filter((one) => one.tied)
  const steps = [...new Set(tied.map(({ step }) => step))]
  const [first, last] = [steps[0] ?? NaN, steps.at(-1) ?? NaN]
  if (tied.length === 1) return `Step ${first}`
  if (steps.length === 1) return `${tied.length} checkpoints of step ${first}`
  const between = able.filter(({ step }) => step >= first && step <= last).length
  if (steps.length > 2 && between === tied.length) return `Steps ${first}–${last}`
  if (steps.length <= 4) return `Steps ${listedWords(steps.map(String))}`
  return `${steps.length} steps between ${first} and ${last}`
}

/** The first candidate has the step of the first tied one, and is not tied. */
const BESIDE_FIRST = [0, 1, 2, 3].map((index) => ({
  ...{ step: Math.max(1, index), attempt: index === 1 ? 1 : 0 },
  ...{ able: true, tied: index > 0 },
}))

test('words about collected steps are those of a list of all candidates', () => {
  fc.assert(
    fc.property(rows, (all) => {
      fc.pre(all.some(({ able, tied }) => able && tied))
      const keys = all.map(({ step, attempt }) => [step, 1, attempt] as const)
      const unique = new Map(keys.map((key) => [key.join(), key]))
      const saved = all.map(({ step, attempt, able }, index) => {
        const files_state = able ? ('complete' as const) : ('missing' as const)
        return { step, attempt, path: `${index}`, files_state }
      })
      const candidates = new CheckpointCandidates(
        { checkpoints: checkpoints(...saved), evaluations: evaluations(...unique.values()) },
        { metric: 'eval_loss', conditions: [] },
      )
      const collected = new TiedSteps(candidates)
      let number = 0
      for (const [index, { step, able, tied }] of all.entries()) {
        if (able) number++
        if (able && tied) collected.add(index, number, step)
      }
      expect(collected.words()).toBe(fromList(all))
    }),
    { numRuns: 500, examples: [[BESIDE_FIRST]] },
  )
})

test('a row beside the ties without an evaluation is no candidate', () => {
  const input = {
    evaluations: evaluations([100, 1], [200, 1], [300, 1]),
    checkpoints: checkpoints(100, 200, 300, 400),
  }
  const candidates = new CheckpointCandidates(input, { metric: 'eval_loss', conditions: [] })
  const tied = new TiedSteps(candidates)
  for (const [index, step] of [100, 200, 300].entries()) tied.add(index, index + 1, step)
  expect(tied.words()).toBe('Steps 100–300')
})
