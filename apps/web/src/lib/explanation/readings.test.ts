import type { Reading } from '@bestmark/core'
import { expect, test } from 'vitest'
import { aStatus } from '../testing.ts'
import { readingLines } from './readings.ts'

const gap: Reading = {
  name: 'loss_gap',
  label: 'loss gap at the choice',
  value: 0.41,
  text: '+0.410',
  remark: 'widening since step 500',
  origin: null,
}

test('a reading of the choice takes the place of the figure of its name', () => {
  const lines = readingLines(aStatus(), { readings: [gap] })
  expect(lines.filter(({ name }) => name === 'loss_gap')).toEqual([gap])
  expect(lines.map(({ name }) => name)).toContain('eval_loss')
})

test('without readings of the choice the latest figures stand alone', () => {
  const names = readingLines(aStatus(), { readings: [] }).map(({ name }) => name)
  expect(names).toContain('loss_gap')
  expect(new Set(names).size).toBe(names.length)
})
