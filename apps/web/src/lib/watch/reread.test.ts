import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Reread } from './reread.svelte.ts'

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

test('a request during a read causes one more read, and never two at once', async () => {
  const readings: (() => void)[] = []
  const reread = new Reread(() => new Promise((done) => readings.push(done)))
  reread.ask()
  reread.ask()
  reread.ask()
  expect(readings).toHaveLength(1)
  readings[0]?.()
  await vi.advanceTimersByTimeAsync(0)
  expect(readings).toHaveLength(2)
  readings[1]?.()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(readings).toHaveLength(2)
})

test('a failed read is shown and tried again until it succeeds', async () => {
  const answers = [new Error('no answer'), new Error('still none'), null]
  const reread = new Reread(async () => {
    const answer = answers.shift()
    if (answer) throw answer
  })
  reread.ask()
  await vi.advanceTimersByTimeAsync(0)
  expect(reread.problem).toBe('no answer')
  await vi.advanceTimersByTimeAsync(1_000)
  expect(reread.problem).toBe('still none')
  await vi.advanceTimersByTimeAsync(2_000)
  expect(reread.problem).toBe('')
  expect(answers).toEqual([])
})

test('after a stop nothing is tried again', async () => {
  const read = vi.fn().mockRejectedValue(new Error('no answer'))
  const reread = new Reread(read)
  reread.ask()
  await vi.advanceTimersByTimeAsync(0)
  reread.stop()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(read).toHaveBeenCalledTimes(1)
})
