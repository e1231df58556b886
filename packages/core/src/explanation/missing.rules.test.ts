import { expect, test } from 'vitest'
import { checkpoints, evaluations } from '../selection/testing.ts'
import { explained, losses, toneOf } from './testing.ts'

test('a candidate that was measured and then removed counts as one of many, and no other does', () => {
  const kept = checkpoints(...[1, 2, 3, 4, 5, 6, 7, 8, 9].map((at) => at * 100))
  const toneWith = (step: number | null, files_state: 'missing' | 'broken', value = 10) => {
    const evaluations = losses([9, 8, 7, 6, 5, 4, 3, 2, 1, value])
    const other = checkpoints({ step, files_state, path: 'other' })
    return toneOf('best_of_many', { evaluations, checkpoints: [...kept, ...other] })
  }
  expect(toneWith(1000, 'missing')).toBe('note')
  expect(toneWith(1000, 'broken')).toBeNull()
  expect(toneWith(null, 'missing')).toBeNull()
  expect(toneWith(1000, 'missing', NaN)).toBeNull()
})

test('what each metric would pick names its better evaluation without a checkpoint', () => {
  const rows = evaluations(
    [100, { eval_a_loss: 2, eval_b_loss: 1 }],
    [200, { eval_a_loss: 1, eval_b_loss: 2 }],
    [300, { eval_a_loss: 3, eval_b_loss: 3 }],
  )
  const missed = explained({ evaluations: rows, checkpoints: checkpoints(100, 300) }).winners
  expect(missed.map((one) => one.missed)).toEqual([{ step: 200, value: 1 }, null])
})

test('among evaluations no metric misses one, and a question names what the present metric misses', () => {
  const rows = evaluations(
    [100, { eval_loss: 2, eval_f1: 0.1 }],
    [200, { eval_loss: 1, eval_f1: 0.9 }],
    [300, { eval_loss: 3, eval_f1: 0.8 }],
  )
  const saved = { evaluations: rows, checkpoints: checkpoints(100, 300) }
  const { winners, question } = explained(saved)
  expect(winners.map((one) => one.missed)).toEqual([{ step: 200, value: 0.9 }])
  expect(question?.choices[0]?.missed).toEqual({ step: 200, value: 1 })
  const among = explained({ ...saved, among: 'evaluations' })
  expect(among.winners.map((one) => one.missed)).toEqual([null])
})
