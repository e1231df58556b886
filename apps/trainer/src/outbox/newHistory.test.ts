import { TrainingEvent } from '@bestmark/core'
import { expect, test } from 'vitest'
import { changeOf } from './newHistory.ts'

const event = (fields: object) => TrainingEvent.parse({ attempt: 0, ...fields })
const started = (fields: object = {}) => event({ type: 'started', ...fields })
const point = (step: number, loss = 1 / step) => event({ type: 'metrics', step, values: { loss } })
const ended = event({ type: 'ended', status: 'completed' })
const steps = (events: readonly TrainingEvent[]) =>
  events.flatMap((one) => ('step' in one ? [one.step] : []))

const change = (before: TrainingEvent[], now: TrainingEvent[], more: object = {}) =>
  changeOf({ before, now, counting: { shift: 0 }, isReadAnew: false, ...more })

test('files that only add something are appended', () => {
  const before = [started(), point(1), point(2)]
  const added = change(before, [...before, point(3)])
  expect(added).toEqual({ kind: 'append', events: [point(3)] })
})

test('the end of a run comes again after what was added to it', () => {
  const before = [started(), point(1), ended]
  const now = [started(), point(1), point(2), ended]
  expect(change(before, now)).toEqual({ kind: 'append', events: [point(2), ended] })
  expect(change(before, before)).toEqual({ kind: 'append', events: [] })
})

test('a start that now says more is written again, with the times of before', () => {
  const before = [started(), { ...point(1), at: 5_000 }]
  const now = [started({ total_steps: 10 }), point(1)]
  const events = [now[0], { ...point(1), at: 5_000 }]
  expect(change(before, now)).toEqual({ kind: 'rewrite', events })
})

test('files with less than before change nothing', () => {
  const before = [started(), point(1), point(2), point(3)]
  expect(change(before, [started(), point(1)])).toEqual({ kind: 'shorter', events: [] })
})

test('files that go on elsewhere are a further attempt', () => {
  const before = [started(), point(1), point(2), point(3)]
  const now = [started(), point(1), point(2, 7), point(4, 8)]
  const further = change(before, now)
  expect(further).toMatchObject({ kind: 'further', counting: { shift: 1 } })
  const { events = [] } = 'events' in further ? further : {}
  expect(events.map(({ attempt }) => attempt)).toContain(1)
  expect(steps(events)).toEqual([2, 4])
})

test('other values at the same steps are another run', () => {
  const before = [started(), point(1), point(2), point(3)]
  const now = [started(), point(1, 50), point(2, 60), point(3, 70)]
  expect(change(before, now)).toEqual({ kind: 'another' })
})

test('other sources of the same run replace what was read before', () => {
  const other = event({ type: 'metrics', step: 1, values: { accuracy: 0.5 } })
  const before = [started(), point(1)]
  expect(change(before, [started(), other], { isReadAnew: true })).toMatchObject({
    kind: 'rewrite',
  })
  expect(change(before, [started(), other])).toEqual({ kind: 'another' })
})
