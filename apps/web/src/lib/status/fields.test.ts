import { TrainingJobStatus } from '@bestmark/core'
import { expect, test } from 'vitest'
import { statusLines } from './fields.ts'
import { aStatus } from '../testing.ts'

const status = aStatus()

test('every field of the status is in exactly one section', () => {
  const sections = ['progress', 'reading', 'best', 'run'] as const
  const names = sections.flatMap((section) => statusLines(status, section).map(({ name }) => name))
  expect(names.sort()).toEqual(Object.keys(TrainingJobStatus.shape).sort())
})

test('readings that are not finite are written out, and an unknown one is a dash', () => {
  const texts = Object.fromEntries(
    statusLines(status, 'reading').map((line) => [line.name, line.text]),
  )
  expect(texts).toMatchObject({
    loss: 'NaN',
    eval_loss: '2.372',
    perplexity: '∞',
    loss_gap: '+0.971',
    loss_trend: '↗ rising',
  })
  const unknown = statusLines({ ...status, loss: null, loss_trend: null }, 'reading')
  expect(unknown.filter(({ text }) => text === '–').map(({ name }) => name)).toEqual([
    'loss',
    'loss_trend',
  ])
})
