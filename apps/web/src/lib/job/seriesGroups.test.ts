import { expect, test } from 'vitest'
import { groupNamed, seriesGroups } from './seriesGroups.ts'

const logged = (name: string) => ({ name, kind: 'logged' as const })
const evaluation = (name: string) => ({ name, kind: 'evaluation' as const })

test('a logged metric and its evaluation are one group, the deciding one first and the losses next', () => {
  const names = [
    logged('learning_rate'),
    logged('loss'),
    evaluation('eval_f1'),
    evaluation('eval_loss'),
    logged('accuracy'),
    evaluation('eval_accuracy'),
  ]
  expect(seriesGroups(names, 'eval_f1')).toEqual([
    { name: 'f1', series: ['eval_f1'] },
    { name: 'loss', series: ['loss', 'eval_loss'] },
    { name: 'accuracy', series: ['accuracy', 'eval_accuracy'] },
    { name: 'learning_rate', series: ['learning_rate'] },
  ])
})

test('a job without logged points shows empty charts of its losses', () => {
  const groups = seriesGroups([], null)
  expect(groupNamed(groups, 'whatever')).toEqual({ name: 'loss', series: ['loss', 'eval_loss'] })
})

test('the chart of the metric that decides is shown first', () => {
  const groups = seriesGroups([logged('loss'), evaluation('eval_f1')], 'eval_f1')
  expect(groupNamed(groups, null).name).toBe('f1')
  expect(groupNamed(groups, 'loss').name).toBe('loss')
})

test('a job without a loss of this name shows what it logged, and first what is called a loss', () => {
  const groups = seriesGroups([logged('layers/norm'), logged('train_loss')], null)
  expect(groups.map(({ name }) => name)).toEqual(['train_loss', 'layers/norm'])
})

test('system metrics come last', () => {
  const system = { name: 'system/cpu_percent', kind: 'system' as const }
  const groups = seriesGroups([system, logged('zeta'), logged('loss')], null)
  expect(groups.map(({ name }) => name)).toEqual(['loss', 'zeta', 'system/cpu_percent'])
  expect(groups.map(({ isSystem }) => isSystem ?? false)).toEqual([false, false, true])
})
