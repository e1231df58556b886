import { expect, test } from 'vitest'
import { type HistoryPoint, relate } from './relation.ts'

/** Points of one metric by step. */
const points = (attempt: number, values: Record<number, number>): HistoryPoint[] =>
  Object.entries(values).map(([step, value]) => {
    return { attempt, step: Number(step), values: new Map([['loss', String(value)]]) }
  })

const STORED = points(0, { 1: 9, 2: 8, 3: 7 })

const further = (branch: object | null) => ({ kind: 'further', branch })

test.each([
  ['the same', points(0, { 1: 9, 2: 8, 3: 7 }), { kind: 'all' }],
  ['longer', points(0, { 1: 9, 2: 8, 3: 7, 4: 6 }), { kind: 'all' }],
  ['the same with other steps', points(0, { 10: 9, 20: 8, 30: 7 }), { kind: 'all' }],
  ['cut', points(0, { 1: 9, 2: 8 }), { kind: 'shorter' }],
  ['without its beginning', points(0, { 3: 7 }), { kind: 'shorter' }],
  ['another one', points(0, { 1: 5, 2: 4, 3: 3 }), { kind: 'another' }],
  ['a later part', points(0, { 4: 6, 5: 5 }), further(null)],
  [
    'a part that goes on differently',
    points(0, { 1: 9, 2: 6 }),
    further({ attempt: 0, step: 1, stored_attempt: 0, isContinued: false }),
  ],
  [
    'without an old point, and longer',
    points(0, { 1: 9, 3: 7, 4: 6 }),
    further({ attempt: 0, step: 3, stored_attempt: 0, isContinued: true }),
  ],
])('files that hold %s', (_name, found, expected) => {
  expect(relate(STORED, found, 0)).toMatchObject(expected)
})

test('files whose earlier attempt is gone go on with the last one', () => {
  const stored = [...STORED, ...points(1, { 2: 5, 3: 4 })]
  const found = points(0, { 1: 9, 2: 5, 3: 4, 4: 3 })
  const parts = [
    { attempt: 0, step: 1, shift: 0 },
    { attempt: 0, step: 3, shift: 1 },
  ]
  const branch = { attempt: 0, step: 3, stored_attempt: 1, isContinued: true, parts }
  expect(relate(stored, found, 1)).toEqual(further(branch))
})

test('histories without a common metric cannot be compared', () => {
  const other = [{ attempt: 0, step: 1, values: new Map([['acc', '9']]) }]
  expect(relate(STORED, other, 0)).toBeUndefined()
})

test('histories of any length are compared', () => {
  const long = (from: number, by: number): HistoryPoint[] =>
    Array.from({ length: 200_000 }, (_, at) => {
      return { attempt: 0, step: from + at, values: new Map([['loss', String(at * by)]]) }
    })
  expect(relate(long(1, 1), long(300_001, 2), 0)).toEqual(further(null))
  expect(relate(long(1, 1), long(1, 2).slice(1), 0)).toEqual({ kind: 'another' })
})
