import { expect, test } from 'vitest'
import { codesOf, compare, groupNames, run, sampled } from './testing.ts'

/** A run with this configuration and this loss. */
const configured = (name: string, loss: number, config: Record<string, unknown>) =>
  run(name, [[100, loss]], { config })

test('runs with different numbers of samples are in different groups', () => {
  const comparison = compare(sampled('a', 1000, 2), sampled('b', 1000, 3), sampled('c', 50, 1))
  expect(groupNames(comparison)).toEqual([['a', 'b'], ['c']])
  expect(comparison.best).toBeNull()
  expect(comparison.groups.map(({ data }) => data)).toEqual([
    [{ name: 'samples', value: 1000 }],
    [{ name: 'samples', value: 50 }],
  ])
  expect(comparison.notes[0]).toMatchObject({
    code: 'different_data',
    text: 'The runs were evaluated on different data: they differ in samples.',
  })
})

test('counts of samples that come from a rounded rate are equal', () => {
  expect(groupNames(compare(sampled('a', 1000, 2), sampled('b', 1008, 1)))).toEqual([['b', 'a']])
})

test('a run without the fact joins the others, unless those differ', () => {
  const [one, two, silent] = [sampled('a', 1000, 2), sampled('b', 50, 3), sampled('c', null, 1)]
  const joined = compare(one, silent)
  expect(groupNames(joined)).toEqual([['c', 'a']])
  expect(joined.notes.find(({ code }) => code === 'data_unknown')?.job_ids).toEqual(['id-c'])
  const apart = compare(one, two, silent)
  expect(groupNames(apart).flat().length).toBe(3)
  expect(apart.groups).toHaveLength(3)
  expect(apart.groups.map(({ data }) => data[0]?.value)).toContain(null)
})

test.each([
  ['dataset', { dataset: 'moby' }, { dataset: 'ulysses' }],
  ['dataset_name', { dataset_name: 'glue' }, { dataset_name: 'squad' }],
  ['data.path', { data: { path: '/a.csv' } }, { data: { path: '/b.csv' } }],
  ['validation_file', { validation_file: 'v1.json' }, { validation_file: 'v2.json' }],
  ['eval-split', { 'eval-split': 'validation' }, { 'eval-split': 'test' }],
  ['max_eval_samples', { max_eval_samples: 100 }, { max_eval_samples: 200 }],
  ['val_size', { val_size: 0.1 }, { val_size: 0.2 }],
  ['datasets', { datasets: ['a', 'b'] }, { datasets: ['a'] }],
])('the setting %s shows that the data differ', (name, one, other) => {
  const comparison = compare(configured('a', 1, one), configured('b', 2, other))
  expect(groupNames(comparison).map((names) => names.length)).toEqual([1, 1])
  expect(comparison.notes[0]?.text).toContain(name)
})

test.each([
  ['data_seed', { data_seed: 1 }, { data_seed: 2 }],
  ['dataloader_num_workers', { dataloader_num_workers: 1 }, { dataloader_num_workers: 4 }],
  ['train_file', { train_file: 'a' }, { train_file: 'b' }],
  ['eval_steps', { eval_steps: 10 }, { eval_steps: 20 }],
  ['output_dir', { output_dir: '/a' }, { output_dir: '/b' }],
  ['an empty eval_file', { eval_file: '' }, { eval_file: null }],
])('%s says nothing of the evaluation data', (_what, one, other) => {
  const comparison = compare(configured('a', 1, one), configured('b', 2, other))
  expect(groupNames(comparison)).toEqual([['a', 'b']])
  expect(codesOf(comparison)).not.toContain('different_data')
})

test('a better value on another data set does not win', () => {
  const comparison = compare(
    configured('easy', 0.1, { dataset: 'easy' }),
    configured('one', 2, { dataset: 'hard', lr: 1 }),
    configured('two', 1, { dataset: 'hard', lr: 2 }),
  )
  expect(groupNames(comparison)).toEqual([['two', 'one'], ['easy']])
  expect(comparison.groups[0]?.data).toEqual([{ name: 'dataset', value: 'hard' }])
})
