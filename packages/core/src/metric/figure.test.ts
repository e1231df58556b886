import { expect, test } from 'vitest'
import { grouped, listedWords, shortSigned, signed } from './figure.ts'

test('a difference has its sign, and nothing is +0', () => {
  expect([0.5, -0.5, 0].map(signed)).toEqual(['+0.5', '−0.5', '+0'])
  expect([0.123, -0.123, 0].map(shortSigned)).toEqual(['+0.12', '−0.12', '+0'])
})

test('names are listed as the end of a sentence', () => {
  const lists = [[], ['a'], ['a', 'b'], ['a', 'b', 'c']]
  expect(lists.map(listedWords)).toEqual(['', 'a', 'a and b', 'a, b and c'])
})

test('a step has a comma before each three digits, and an unknown one is a dash', () => {
  expect([0, 999, 1_600, 1_234_567, -1_600, 1234.5678, null, undefined].map(grouped)).toEqual([
    ...['0', '999', '1,600', '1,234,567', '-1,600', '1234.5678', '–', '–'],
  ])
})
