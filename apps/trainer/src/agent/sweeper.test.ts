import { expect, test } from 'vitest'
import { KeptFiles } from './keptFiles.ts'
import { restOf } from './sweeper.ts'

const [SECOND, MINUTE, HOUR] = [1_000, 60_000, 3_600_000]
const least = 3 * SECOND

test('the longer a job is unchanged, the longer its files rest: at most half an hour after its end', () => {
  const rests = [0, 10 * MINUTE, HOUR, 10 * HOUR, 1_000 * HOUR].map((age) => {
    return restOf({ status: 'completed' }, age, least)
  })
  expect(rests).toEqual([least, 30 * SECOND, 3 * MINUTE, 30 * MINUTE, 30 * MINUTE])
})

test('the files of a run that trains rest at most a minute', () => {
  expect(restOf({ status: 'running' }, 1_000 * HOUR, least)).toBe(MINUTE)
})

test('checkpoints are kept until their job changes', () => {
  const kept = new KeptFiles()
  kept.keep('a', 1, [])
  expect(kept.of('a', 1)).toEqual([])
  expect(kept.of('a', 2)).toBeUndefined()
  expect(kept.of('b', 1)).toBeUndefined()
})

test('only so many checkpoints are kept; the oldest give way', () => {
  const kept = new KeptFiles(5)
  // What a checkpoint is does not matter here.
  const three = Array.from({ length: 3 }, () => ({}) as never)
  for (const job of ['a', 'b', 'c']) kept.keep(job, 1, three)
  expect(['a', 'b', 'c'].map((job) => kept.of(job, 1) !== undefined)).toEqual([false, false, true])
  for (let again = 0; again < 10; again++) kept.keep('c', 1, three)
  kept.keep('d', 1, three.slice(1))
  expect(kept.of('c', 1)).toBeDefined()
})
