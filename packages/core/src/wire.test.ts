import { stringify } from 'devalue'
import { expect, test } from 'vitest'
import { wire } from './wire.ts'

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
