import { expect, test } from 'vitest'
import { deliveryWords, firstTarget, FOLDER, offeredTargets } from './targets.ts'

const hub = { name: 'hub', kind: 'command', place: 'hf', conditions: null } as const

test('the default target is offered first, also if the host has published none', () => {
  expect(offeredTargets([])).toEqual([FOLDER])
  const moved = { ...FOLDER, place: '/srv/models' }
  expect(offeredTargets([hub, moved])).toEqual([moved, hub])
})

test('a wanted target is taken only if it is offered', () => {
  expect(firstTarget([FOLDER, hub], 'hub')).toBe('hub')
  expect(firstTarget([FOLDER, hub], 'gone')).toBe('folder')
})

test('only a target that does more than keep the files says what it does', () => {
  expect(deliveryWords(FOLDER)).toBe('')
  expect(deliveryWords(hub)).toBe('runs hf of target hub, ')
  expect(deliveryWords({ ...hub, kind: 'http', place: 'a.org' })).toBe('tells a.org, ')
  expect(deliveryWords({ ...hub, kind: 'playground' })).toBe('lets it write a text, ')
  const bucket = { ...hub, kind: 's3', place: 's3://models' } as const
  expect(deliveryWords(bucket)).toBe('uploads it to s3://models, ')
})
