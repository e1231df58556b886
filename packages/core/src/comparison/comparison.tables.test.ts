import { expect, test } from 'vitest'
import { evaluations, checkpoints } from '../selection/testing.ts'
import { compare, run } from './testing.ts'

test('figures of a metric are at the best checkpoint, last, lowest and highest', () => {
  const rows = evaluations(
    [10, { eval_loss: 3, eval_f1: 0.1 }],
    [20, { eval_loss: 1, eval_f1: 0.5 }],
    [30, { eval_loss: 1, eval_f1: NaN }],
    [40, { eval_loss: 2 }],
  )
  const [compared] = compare(
    run('a', [], { input: { evaluations: rows, checkpoints: checkpoints(10, 20, 30, 40) } }),
  ).runs
  expect(compared?.figures).toEqual({
    eval_loss: { at_best: 1, last: 2, min: 1, min_step: 20, max: 3, max_step: 10 },
    eval_f1: { at_best: 0.5, last: NaN, min: 0.1, min_step: 10, max: 0.5, max_step: 20 },
  })
})

test('a metric with a name that every object inherits is a metric like others', () => {
  const values = JSON.parse('{"eval_loss": 1, "__proto__": 7, "constructor": 5}')
  const comparison = compare(run('a', [[10, values]]), run('b', [[10, 2]]))
  const figures = Object.entries(comparison.runs[0]?.figures ?? {}).map(([name, { last }]) => [
    name,
    last,
  ])
  expect(figures).toEqual([
    ['eval_loss', 1],
    ['__proto__', 7],
    ['constructor', 5],
  ])
})

test('the deciding metrics are listed first', () => {
  const both = { eval_accuracy: 0.5, eval_loss: 2 }
  expect(compare(run('a', [[10, both]])).metrics).toEqual(['eval_loss', 'eval_accuracy'])
})

test('options that differ are listed: numbers first, texts that all differ last', () => {
  const { config } = compare(
    run('a', [[1, 1]], {
      config: { name: 'a', sched: 'cos', optim: { lr: 0.1 }, seed: 1, x: [1] },
    }),
    run('b', [[1, 1]], {
      config: { name: 'b', sched: 'cos', optim: { lr: 0.2 }, seed: 1, x: [1] },
    }),
    run('c', [[1, 1]], {
      config: { name: 'c', sched: 'lin', optim: { lr: 0.2 }, seed: 1, x: [1] },
    }),
  )
  expect(config).toEqual([
    { name: 'optim.lr', values: { 'id-a': 0.1, 'id-b': 0.2, 'id-c': 0.2 } },
    { name: 'sched', values: { 'id-a': 'cos', 'id-b': 'cos', 'id-c': 'lin' } },
    { name: 'name', values: { 'id-a': 'a', 'id-b': 'b', 'id-c': 'c' } },
  ])
})

test('an option that some runs do not have differs', () => {
  const { config } = compare(run('a', [[1, 1]], { config: { warmup: 10 } }), run('b', [[1, 1]]))
  expect(config).toEqual([{ name: 'warmup', values: { 'id-a': 10 } }])
})

test('an extreme is the first finite value of its kind, of any sign', () => {
  const rows = [-3, -Infinity, -1, Infinity, -1, -3, NaN].map((eval_x, at) => {
    return [10 * at, { eval_loss: 1, eval_x }] as const
  })
  expect(compare(run('a', rows)).runs[0]?.figures['eval_x']).toMatchObject({
    ...{ last: NaN, min: -3, min_step: 0, max: -1, max_step: 20 },
  })
})

test('metrics are in order of their names after the deciding ones', () => {
  const values = { eval_f1: 0.5, eval_loss: 2, eval_accuracy: 0.5 }
  expect(compare(run('a', [[10, values]])).metrics).toEqual([
    ...['eval_loss', 'eval_accuracy', 'eval_f1'],
  ])
})

test('runs without a best come last in order of their ids, and are neither best nor tied', () => {
  const { runs } = compare(run('c', []), run('b', [[10, 1]]), run('a', []))
  expect(runs.map(({ job_id }) => job_id)).toEqual(['id-b', 'id-a', 'id-c'])
  expect(runs[1]).toMatchObject({ rank: null, difference: null, is_best: false, is_tied: false })
})

test('numbers that are different in each run come before texts, and mixed values do not', () => {
  const { config } = compare(
    run('a', [[1, 1]], { config: { mixed: 1, lr: 0.1, sched: 'cos' } }),
    run('b', [[1, 1]], { config: { mixed: 'auto', lr: 0.2, sched: 'cos' } }),
    run('c', [[1, 1]], { config: { mixed: 2, lr: 0.3, sched: 'lin' } }),
  )
  expect(config.map(({ name }) => name)).toEqual(['lr', 'sched', 'mixed'])
})
