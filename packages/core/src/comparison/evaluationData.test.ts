import { expect, test } from 'vitest'
import { evaluations } from '../selection/testing.ts'
import { dataFacts, dividedByData } from './evaluationData.ts'
import { codesOf, compare, groupNames, run, sampled } from './testing.ts'

/** A run with this configuration and this loss. */
const configured = (name: string, loss: number, config: Record<string, unknown>) =>
  run(name, [[100, loss]], { config })

/** A configuration that names its data below three other names. */
const nested = (path: string) => ({ task: { eval: { data: { path } } } })

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
  ['dataset-name', { 'dataset-name': 'glue' }, { 'dataset-name': 'squad' }],
  ['task.eval.data.path', nested('/a.csv'), nested('/b.csv')],
])('the option %s shows that the data differ', (name, one, other) => {
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

test('an option without a value is not a fact, and spaces around a text are not part of it', () => {
  const values = { dataset: ' moby ', data_dir: null, data_path: undefined, data_file: '' }
  const options = Object.entries(values).map(([name, value]) => ({ name, value }))
  const [at] = evaluations([10, 1])
  expect(dataFacts(at, 'eval_loss', options)).toEqual([{ name: 'dataset', value: 'moby' }])
})

test('the samples of a run are those behind the metric that decides', () => {
  const [at] = evaluations([10, { eval_loss: 1, eval_f1: 0.5 }])
  const own = at && { ...at, samples: 100, details: { eval_f1: { origin: null, samples: 50 } } }
  expect(dataFacts(own, 'eval_loss', [])).toEqual([{ name: 'samples', value: 100 }])
  expect(dataFacts(own, 'eval_f1', [])).toEqual([{ name: 'samples', value: 50 }])
  expect(dataFacts(undefined, 'eval_f1', [])).toEqual([])
})

/** How many runs are in each group if they have these counts of samples. */
const divided = (...counts: (number | null)[]) =>
  dividedByData(
    counts.map((value) => ({ data: value === null ? [] : [{ name: 'samples', value }] })),
  ).map(({ data, runs }) => [data[0]?.value, runs.length])

test('which counts are the same does not depend on the order of the runs', () => {
  expect(divided(990, 1000, 1005, 1010)).toEqual([
    [990, 2],
    [1005, 2],
  ])
  expect(divided(1000, 1010, 1005, 990)).toEqual([
    [990, 2],
    [1005, 2],
  ])
})

test('a run without samples is in no group of runs with samples, if these differ', () => {
  expect(divided(1, 50, null)).toEqual([
    [1, 1],
    [50, 1],
    [null, 1],
  ])
})

test('a fact that is the same in all runs divides nothing and is not shown', () => {
  expect(divided(1000, 1000, 1001)).toEqual([[undefined, 3]])
})

test('each fact has its own value', () => {
  const of = (set: string) => [
    { name: 'dataset', value: 'moby' },
    { name: 'eval_set', value: set },
  ]
  const groups = dividedByData([{ data: of('a') }, { data: of('b') }, { data: of('a') }])
  expect(groups.map(({ data, runs }) => [data, runs.length])).toEqual([
    [[{ name: 'eval_set', value: 'a' }], 2],
    [[{ name: 'eval_set', value: 'b' }], 1],
  ])
})

test('a run without a best has the data of its last evaluation', () => {
  const rows = evaluations([10, NaN], [20, NaN], [30, NaN]).map((one, at) => ({
    ...one,
    samples: 10 * at,
  }))
  const [only] = compare(run('a', [], { input: { evaluations: rows } })).runs
  expect(only?.data).toEqual([{ name: 'samples', value: 20 }])
})
