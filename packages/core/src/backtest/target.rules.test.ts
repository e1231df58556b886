import { expect, test } from 'vitest'
import type { Declaration } from '../run/rows.ts'
import { named, targetOf, taskMetrics } from './target.ts'
import { aRun } from './testing.ts'

/** The rows of a run that logged these metrics in order. */
function rowsOf(names: readonly string[], declaration: Partial<Declaration> = {}) {
  const values = Object.fromEntries(names.map((name, index) => [name, index]))
  const { rows } = aRun('run', 'a', [values])
  return { ...rows, declaration: { ...rows.declaration, ...declaration } }
}

function target(wanted: string, ...[names, declaration]: Parameters<typeof rowsOf>) {
  const rows = rowsOf(names, declaration)
  return targetOf(rows, rows.evaluations, wanted)
}

function tasks(...[names, declaration]: Parameters<typeof rowsOf>) {
  const rows = rowsOf(names, declaration)
  return taskMetrics(rows, rows.evaluations)
}

test('a metric that the run did not log is not a target, even if it logged others', () => {
  expect(target('accuracy', ['eval_loss', 'eval_f1'])).toBeUndefined()
})

test('a name without its split finds the held-out metric before the test split', () => {
  expect(named(['test_f1', 'eval_f1'], 'f1')).toBe('eval_f1')
  expect(named(['test_f1', 'eval_f1'], 'test_f1')).toBe('test_f1')
  expect(named(['test_f1'], 'f1')).toBe('test_f1')
  expect(named(['eval_loss'], 'f1')).toBeUndefined()
})

test('task metrics are those with a clear direction, but no rates, errors or losses', () => {
  const logged = ['eval_loss', 'eval_zorp', 'eval_f1', 'eval_f1_stderr', 'eval_runtime']
  expect(tasks(logged)).toEqual(['eval_f1'])
  expect(tasks(logged, { directions: { eval_zorp: 'max' } })).toEqual(['eval_f1', 'eval_zorp'])
})

test('the most informative task metric is first, others later, and test splits last', () => {
  const logged = ['test_mcc', 'test_macro_f1', 'eval_mcc', 'eval_accuracy', 'eval_macro_f1']
  expect(tasks(logged)).toEqual(logged.toReversed().with(3, 'test_macro_f1'))
})

test('the task is the metric that the run declared, if that is not a loss and was logged', () => {
  const logged = ['eval_loss', 'eval_f1', 'eval_mcc']
  const declared = (metric: string | null) => target('task', logged, { metric })?.metric
  expect(declared('eval_mcc')).toBe('eval_mcc')
  expect(declared('mcc')).toBe('eval_mcc')
  for (const other of ['eval_loss', 'eval_bleu', null]) expect(declared(other)).toBe('eval_f1')
})

test('the direction of a target comes from the run if its name shows none', () => {
  const zorp = (given: Partial<Declaration>) => target('zorp', ['eval_zorp'], given)?.direction
  expect(zorp({ metric: 'zorp', direction: 'min' })).toBe('min')
  expect(zorp({ directions: { eval_zorp: 'max' } })).toBe('max')
  expect(zorp({ metric: 'zorp', direction: null })).toBeUndefined()
  expect(zorp({ metric: 'f1', direction: 'max' })).toBeUndefined()
  expect(zorp({ metric: null, direction: 'max' })).toBeUndefined()
})
