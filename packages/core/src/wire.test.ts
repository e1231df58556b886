import { stringify } from 'devalue'
import { expect, test } from 'vitest'
import { BATCH, fitsAddress, shared, wire } from './wire.ts'

const { serialize, deserialize } = wire.output
const back = (value: unknown) => deserialize(serialize(value))

const origin = { file: 'journal.jsonl', line: 1 }
const rows = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    ...{ step: index, value: index % 2 ? NaN : Infinity, note: undefined, origin },
    values: { eval_loss: index / 7, "it's \n": null },
    ...{ steps: Float64Array.of(index), at: new Date(index) },
  }))

test('data is sent unchanged, for any number of rows', () => {
  for (const count of [0, 1, 15, 16, 500]) expect(back(rows(count))).toEqual(rows(count))
  const mixed = [...rows(20), { step: 1 }]
  const sparse = Array.from({ length: 20 }, (_, index) => (index % 2 ? { a: 1 } : { b: 1 }))
  const odd = [...Array.from({ length: 20 }, () => [1]), null, 'x']
  const empty = Array.from({ length: 20 }, () => ({}))
  for (const value of [mixed, sparse, odd, empty]) expect(back(value)).toEqual(value)
})

test('many rows of one shape need less than two thirds of the text', () => {
  expect(serialize(rows(1_000)).length).toBeLessThan((stringify(rows(1_000)).length * 2) / 3)
})

test('from 16 rows on the names are sent once, unless one row is not a plain object', () => {
  expect(serialize(rows(15))).not.toContain('"rows"')
  expect(serialize(rows(16))).toContain('"rows"')
  for (const other of [null, 'x', [1]]) {
    const value = [...Array.from({ length: 20 }, () => ({ a: 1 })), other]
    expect(back(value)).toEqual(value)
  }
})

test('a value for several readers is written once, and any other value each time', () => {
  const [once, always] = [shared({ step: 1 }), { step: 1 }]
  const texts = () => [serialize(once), serialize(shared(once)), serialize(always)]
  const first = texts()
  expect(first.map(deserialize)).toEqual([{ step: 1 }, { step: 1 }, { step: 1 }])
  once.step = always.step = 2
  expect(texts()).toEqual([first[0], first[0], serialize({ step: 2 })])
})

test('an input fits into an address if it leaves room for the rest of the address', () => {
  // The quotes and brackets around a text need 24 characters.
  const most = BATCH.maxURLLength - 1_000 - 24
  expect([most, most + 1].map((count) => fitsAddress('x'.repeat(count)))).toEqual([true, false])
})
