import { expect, test } from 'vitest'
import { LossLog } from './lossLog.ts'

test('a loss is found by its step, also if it arrived late or after a reading', () => {
  const log = new LossLog()
  const at = (...steps: number[]) => steps.map((step) => log.before({ attempt: 0, step }))
  for (const step of [30, 10, 20]) log.add({ attempt: 0, step }, step)
  expect(at(9, 10, 25, 30)).toEqual([null, 10, 20, 30])
  log.add({ attempt: 0, step: 15 }, 15)
  expect(at(14, 16, 20, 99)).toEqual([10, 15, 20, 30])
  log.add({ attempt: 1, step: 5 }, 5)
  expect(log.before({ attempt: 2, step: 99 })).toBeNull()
})

test('of two losses at one step the later one counts', () => {
  const log = new LossLog()
  for (const loss of [1, 2]) log.add({ attempt: 0, step: 10 }, loss)
  expect(log.before({ attempt: 0, step: 10 })).toBe(2)
})
