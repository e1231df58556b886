import type { Reading } from '@bestmark/core'
import { expect, test } from 'vitest'
import { aStatus } from '../testing.ts'
import { glanceOf, readingGroups, turnOf } from './readings.ts'

function reading(name: string, text: string, remark: string | null = null): Reading {
  return { name, label: name, value: text, text, remark, origin: null }
}

test('the readings of the choice are separate from the latest ones of the same name', () => {
  const gap = reading('loss_gap', '+0.41')
  const { chosen, latest } = readingGroups(aStatus(), { readings: [gap] })
  expect(chosen).toEqual([gap])
  expect(latest.find(({ name }) => name === 'loss_gap')?.text).toBe('+0.971')
})

test('readings of the choice have as many digits as the tables', () => {
  const given = [
    ['perplexity', '9.2999', 9.29987],
    ['test_loss', '0.8', 0.8],
    ['loss_gap', '+1.43', 1.43001],
    ['samples', '12,000', 12_000],
    ['standard_error', '±0.13', 0.12512],
  ] as const
  const readings = given.map(([name, text, value]) => ({ ...reading(name, text), value }))
  const { chosen } = readingGroups(aStatus(), { readings })
  const shown = ['9.300', '0.8000', '+1.43', '12,000', '±0.13']
  expect(chosen.map(({ text }) => text)).toEqual(shown)
})

test('a reading of the explanation replaces that of the status', () => {
  const trend = reading('loss_trend', 'rising', '+0.2 ± 0.1 a 100 steps')
  const { latest } = readingGroups(aStatus(), { readings: [trend] })
  expect(latest.filter(({ name }) => name === 'loss_trend')).toEqual([trend])
})

test('the readings at a glance are of the choice and of the run so far', () => {
  const readings = ['loss_gap', 'samples', 'loss_trend'].map((name) => reading(name, '1'))
  const groups = readingGroups(aStatus(), { readings })
  expect(glanceOf(groups).map(({ name }) => name)).toEqual([
    'loss_gap',
    'evaluations_without_improvement',
    'loss_trend',
  ])
})

test('without an explanation only the latest readings are shown', () => {
  const { chosen, latest } = readingGroups(aStatus(), { readings: [] })
  expect(chosen).toEqual([])
  expect(latest.map(({ name }) => name)).toContain('eval_loss')
})

test('the chart says overfitting only if no task metric is best later', () => {
  expect(turnOf({ loss_turn: null })).toBeNull()
  expect(turnOf({ loss_turn: { step: 300, later: null, worse: null } })).toEqual({
    step: 300,
    word: 'overfitting',
  })
  const later = { metric: 'eval_f1', step: 600 }
  expect(turnOf({ loss_turn: { step: 300, later, worse: null } })?.word).toBe('eval loss rises')
})
