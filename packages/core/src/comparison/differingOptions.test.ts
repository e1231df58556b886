import { expect, test } from 'vitest'
import { differingAmong } from './differingOptions.ts'

test('a table lists the options that differ among its runs; a missing one differs too', () => {
  const options = [
    { name: 'lr', values: { a: 0.1, b: 0.1, c: 0.2 } },
    { name: 'seed', values: { a: 1, c: 1 } },
    { name: 'layers', values: { a: [1, 2], b: [1, 2], c: [1, 2] } },
  ]
  const named = (...ids: string[]) =>
    differingAmong(
      options,
      ids.map((job_id) => ({ job_id })),
    ).map(({ name }) => name)
  expect(named('a', 'b', 'c')).toEqual(['lr', 'seed'])
  expect(named('a', 'b')).toEqual(['seed'])
  expect(named('a')).toEqual([])
})
