import { expect, test } from 'vitest'
import { checkpoints, choose, evaluations } from './testing.ts'

test('the short reason has the rank and the next checkpoint, and repeats no step or value of the best', () => {
  const { short_reason } = choose({
    evaluations: evaluations([100, 3], [200, 2.18064], [300, 2.2]),
    checkpoints: checkpoints(100, 200, 300),
  })
  expect(short_reason).toBe(
    'The lowest of 3 checkpoints. Next is step 300 (+0.019). The run does not say which metric decides.',
  )
})

test('one checkpoint has no next one', () => {
  const { short_reason } = choose({
    evaluations: evaluations([100, 3]),
    checkpoints: checkpoints(100),
  })
  expect(short_reason).toMatch(/^The only checkpoint that can be compared\. [^N]/)
})

test('the short reason names a better checkpoint that cannot be shipped', () => {
  const { short_reason } = choose({
    evaluations: evaluations([100, 3], [200, 2]),
    checkpoints: checkpoints(100, {
      step: 200,
      files_state: 'missing',
      files_why: 'the folder was deleted',
    }),
  })
  expect(short_reason).toMatch(/A better checkpoint cannot be shipped: .*checkpoint-200/)
})

test('without a best there is no short reason', () => {
  expect(choose({}).short_reason).toBe('')
})
