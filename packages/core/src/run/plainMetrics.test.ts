import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checkEvent } from './checkEvent.ts'
import { TrainingEvent } from './event.ts'
import { plainMetrics } from './plainMetrics.ts'

const numbers = fc.oneof(
  fc.double(),
  fc.integer({ min: -2, max: 2 }),
  fc.constantFrom(2 ** 31 - 1, 2 ** 31, Number.MAX_SAFE_INTEGER, 2 ** 53, 8.64e15, 8.64e15 + 2, -0),
)
const others = fc.constantFrom<unknown>(null, undefined, 'NaN', '1', true, [], {}, [1], new Date(0))
const anything = fc.oneof({ arbitrary: numbers, weight: 9 }, { arbitrary: others, weight: 1 })
const names = fc.constantFrom('loss', 'constructor', '__proto__', '')
const entries = fc.array(fc.tuple(names, anything), { maxLength: 3 })
const values = fc.oneof(
  { arbitrary: entries.map((list) => Object.fromEntries(list) as unknown), weight: 9 },
  others,
  fc.constant(Object.assign(Object.create({ inherited: 1 }), { loss: 1 }) as unknown),
)
const often = (arbitrary: fc.Arbitrary<unknown>) =>
  fc.oneof({ arbitrary, weight: 9 }, { arbitrary: anything, weight: 1 })
const [count, number] = [often(fc.nat()), often(fc.integer())]
const events = fc.record(
  {
    type: often(fc.constant('metrics')),
    ...{ attempt: count, step: count, epoch: number, at: number, values, other: anything },
  },
  { requiredKeys: ['type', 'attempt', 'step'] },
)

test('an event that is read without the schema is the event of the schema', () => {
  let plain = 0
  const property = fc.property(events, (input) => {
    const event = plainMetrics(input)
    if (event) plain++
    if (event) expect(event).toEqual(TrainingEvent.parse(input))
  })
  fc.assert(property, { numRuns: 5_000 })
  // The property would say nothing of events that all go to the schema.
  expect(plain).toBeGreaterThan(0)
})

test('an event that is not plain is left to the schema', () => {
  const event = { type: 'metrics', attempt: 0, step: 1, values: { loss: 'NaN' } }
  expect(plainMetrics(event)).toBeUndefined()
  expect(checkEvent(event)).toMatchObject({ event: { values: { loss: NaN } }, invalid: [] })
})

test('fields that the schema does not have are left out', () => {
  const event = { type: 'metrics', attempt: 0, step: 1, at: 5, values: { loss: 1 } }
  expect(plainMetrics({ ...event, more: 1 })).toStrictEqual({ ...event, epoch: null })
})
