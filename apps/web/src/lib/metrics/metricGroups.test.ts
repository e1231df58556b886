import { expect, test } from 'vitest'
import type { SeriesName } from '../api.ts'
import { metricGroups } from './metricGroups.ts'

const logged = (name: string): SeriesName => ({ name, kind: 'logged', scored: false, count: 1 })
const evaluated = (name: string, scored = false): SeriesName => {
  return { name, kind: 'evaluation', scored, count: 1 }
}

const NAMES = [
  ...['train/loss', 'system/gpu.10', 'system/gpu.2', 'loss', '/odd'].map(logged),
  ...[evaluated('eval_loss'), evaluated('eval/f1'), evaluated('mmlu', true)],
]

const groupNames = (find = '', pins: string[] = []) =>
  metricGroups(NAMES, { find, pins }).map(({ name, series }) => {
    return [name, ...series.map((one) => one.name)]
  })

test('series are grouped by prefix, or by kind if they have none', () => {
  expect(groupNames()).toEqual([
    ['scores after training', 'mmlu'],
    ['eval', 'eval_loss', 'eval/f1'],
    ['system', 'system/gpu.2', 'system/gpu.10'],
    ['train', '/odd', 'loss', 'train/loss'],
  ])
})

test('pinned series come first, in the order of the pins, and are in no other group', () => {
  expect(groupNames('', ['system/gpu.2', 'eval_loss', 'gone'])).toEqual([
    ['pinned', 'system/gpu.2', 'eval_loss'],
    ['scores after training', 'mmlu'],
    ['eval', 'eval/f1'],
    ['system', 'system/gpu.10'],
    ['train', '/odd', 'loss', 'train/loss'],
  ])
})

test('a search keeps the names that contain each of its words', () => {
  expect(groupNames('LOSS  train')).toEqual([['train', 'train/loss']])
  expect(groupNames('loss', ['eval_loss'])[0]).toEqual(['pinned', 'eval_loss'])
  expect(groupNames('nothing')).toEqual([])
})
