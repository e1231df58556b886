import type { Winner } from '@bestmark/core'
import { expect, test } from 'vitest'
import { choosersOf, columnTitle, isChosenBy, metricColumns, winText } from './metricColumns.ts'

function winner(metric: string, step: number, agrees = false): Winner {
  const direction = metric.endsWith('loss') ? 'min' : 'max'
  const at = { checkpoint_id: `c${step}`, attempt: 0, step, epoch: null, path: null }
  const best = { ...at, value: 0.5, score: null, eval_loss: null, origin: null }
  return { metric, direction, best, agrees, missed: null }
}

test('metrics that would choose another checkpoint come first, those that agree last', () => {
  const winners = [winner('eval_f1', 500, true), winner('eval_accuracy', 700)]
  const columns = metricColumns(winners, ['hellaswag', 'eval_accuracy'])
  expect(columns.map(({ metric }) => metric)).toEqual(['eval_accuracy', 'hellaswag', 'eval_f1'])
})

test('a score without a direction has a column, but chooses nothing', () => {
  const [column] = metricColumns([], ['hellaswag'])
  expect(column && isChosenBy(column, { checkpoint_id: 'c500' })).toBe(false)
  expect(column && columnTitle(column)).toBe('hellaswag')
})

test('a checkpoint names every metric that would choose it', () => {
  const columns = metricColumns([winner('a_f1', 700), winner('b_loss', 700), winner('c', 800)], [])
  const chosen = choosersOf(columns, { checkpoint_id: 'c700' })
  expect(chosen.map((one) => one.winner && winText(one.winner))).toEqual([
    'highest a_f1',
    'lowest b_loss',
  ])
})

test('the head of a column says what its metric would choose', () => {
  const titles = metricColumns([winner('f1', 1700), winner('b_loss', 5, true)], []).map(columnTitle)
  expect(titles).toEqual([
    'f1: higher is better; it would choose step 1,700',
    'b_loss: lower is better; it chooses the same checkpoint',
  ])
})

test('there are at most twelve columns, and of many scores the winners stay', () => {
  const scores = Array.from({ length: 40 }, (_, at) => `score_${at}`)
  const columns = metricColumns([winner('f1', 1)], scores)
  expect([columns.length, columns[0]?.metric]).toEqual([12, 'f1'])
})
