import { expect, test } from 'vitest'
import type { RunToCompare } from './comparison.ts'
import { groupWords } from './sentence.ts'
import { compare, run } from './testing.ts'

/** A run with this F1, and its logged standard error. */
const f1 = (name: string, value: number, error: number, step = 10): RunToCompare =>
  run(name, [[step, { eval_f1: value, eval_f1_stderr: error }]])

const several = (count: number, value: number): RunToCompare[] =>
  Array.from({ length: count }, (_, at) => f1(`r${at}`, value, 0.1))

const sentence = (...runs: RunToCompare[]) => compare(...runs).sentence

test('runs within the noise of the best are listed, and many are counted', () => {
  const best = f1('best', 0.75, 0.125)
  const first = 'best step 10 is best: eval_f1 0.75, the highest of'
  const noise = 'within the noise (±0.13).'
  expect(sentence(best, f1('far', 0.5, 1))).toBe(`${first} 2 runs. Next is far step 10 (−0.25).`)
  expect(sentence(best, f1('near', 0.625, 1))).toBe(`${first} 2 runs. near step 10 is ${noise}`)
  expect(sentence(best, ...several(2, 0.7))).toBe(
    `${first} 3 runs. r0 step 10 and r1 step 10 are ${noise}`,
  )
  expect(sentence(best, ...several(4, 0.7))).toBe(
    `${first} 5 runs. r0 step 10, r1 step 10, r2 step 10 and r3 step 10 are ${noise}`,
  )
  expect(sentence(best, ...several(5, 0.7))).toBe(`${first} 6 runs. 5 other runs are ${noise}`)
})

test('without any noise only equal values are tied', () => {
  const best = f1('best', 0.75, 0)
  expect(sentence(best, f1('same', 0.75, 0, 20))).toMatch(/ same step 20 has the same value\.$/)
  expect(sentence(best, ...several(2, 0.75))).toMatch(/10 and r1 step 10 have the same value\.$/)
  const { runs } = compare(best, f1('same', 0.75, 0, 20), f1('other', 0.7, 0))
  expect(runs.map(({ is_best, is_tied }) => [is_best, is_tied])).toEqual([
    [true, false],
    [false, true],
    [false, false],
  ])
})

test('names that differ only by spaces around them are the same name', () => {
  const [one, other] = [{ job_id: 'aaaaaaaa-1' }, { job_id: 'bbbbbbbb-2' }]
  expect(sentence(run(' a ', [[10, 2]], one), run('a', [[10, 1]], other))).toMatch(
    /^a \(bbbbbbbb\) step 10 .* a \(aaaaaaaa\) step 10/,
  )
  expect(sentence(run(' a ', [[10, 2]], one))).toMatch(/^a step 10: /)
})

test('a group is named by its metric and the data that divide it; unknown data are named, too', () => {
  const data = { dataset: 'moby', eval_split: 'dev' }
  const comparison = compare(
    run('a', [[10, 2]], { config: data }),
    run('b', [[10, 2]], { config: { ...data, eval_split: 'test' } }),
    run('c', [[10, 2]], { config: { dataset: 'ulysses' } }),
  )
  expect(comparison.groups.map(groupWords)).toEqual([
    'lowest eval_loss, dataset moby, eval_split dev',
    'lowest eval_loss, dataset moby, eval_split test',
    'lowest eval_loss, dataset ulysses, eval_split unknown',
  ])
})
