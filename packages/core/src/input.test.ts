import { stringify } from 'devalue'
import { expect, test } from 'vitest'
import { decodeInput, InputRefused, LONGEST_INPUT } from './input.ts'

const back = (value: unknown) => decodeInput(stringify(value))

test('plain data is decoded unchanged', () => {
  const shared = ['a', 'b']
  const plain = { jobs: ['x', 'x'], none: undefined, not: NaN, far: -Infinity, zero: -0, shared }
  for (const value of [plain, null, undefined, 1, 'text', true, [], {}, [[shared], shared]]) {
    expect(back(value)).toEqual(value)
  }
})

test('a list with holes is refused, for any length', () => {
  for (const text of ['[[-7,100000000]]', '[{"job_id":1},[-7,4294967295]]', '[[-2,-2,-2]]']) {
    expect(() => decodeInput(text)).toThrow(InputRefused)
  }
})

test('anything except plain data is refused before it is created', () => {
  const digits = '9'.repeat(60_000)
  const others = [
    [['BigInt', digits]],
    [['RegExp', '(a+)+$', '']],
    [['Date', '2026-01-01']],
    [['Set', 1], 1],
    [['Map', 1, 1], 1],
    [
      ['Float64Array', 1],
      ['ArrayBuffer', 'AAAA'],
    ],
    [['null', 'a', 1], 1],
    [['Object', 1], 1],
    [['URL', 'http://example.org']],
    [['named', 2]],
    [[1.5], 1, 2],
    [['1'], 1],
    [['named', 1], [0]],
    [['rows', 1], [2, 3], ['a'], [4], 1],
  ]
  for (const value of others) expect(() => decodeInput(JSON.stringify(value))).toThrow(InputRefused)
})

test('a value that is used many times counts each time', () => {
  // Thirty lists, each of which uses the next one twice: a thousand million values in 250 bytes.
  const doubling = Array.from({ length: 30 }, (_, index) => [index + 1, index + 1])
  expect(() => decodeInput(JSON.stringify([...doubling, 1]))).toThrow(InputRefused)
  const text = 'x'.repeat(LONGEST_INPUT / 2)
  expect(() => back([text, text])).toThrow(`larger than ${LONGEST_INPUT} characters`)
  expect(back([text])).toEqual([text])
})

test('lists may be nested 16 levels deep', () => {
  const nested = (levels: number): unknown => (levels === 0 ? 1 : [nested(levels - 1)])
  expect(back(nested(16))).toEqual(nested(16))
  expect(() => back(nested(17))).toThrow('nested deeper than 16 levels')
  const inside = (levels: number): unknown => ({ a: [1, nested(levels)] })
  expect(back(inside(14))).toEqual(inside(14))
  expect(() => back(inside(15))).toThrow('nested deeper')
})

test('data that contains itself, is too deep or too long is refused with a message', () => {
  expect(() => decodeInput('[[0]]')).toThrow('contains itself')
  const deep = Array.from({ length: 5_000 }, (_, index) => [index + 1])
  expect(() => decodeInput(JSON.stringify([...deep, 1]))).toThrow('nested deeper')
  // The same from the bottom up, so that each list is measured before the one around it.
  const below = Array.from({ length: 40 }, (_, index) => (index === 0 ? [] : [index]))
  const order = Array.from({ length: 40 }, (_, index) => index + 1)
  expect(() => decodeInput(JSON.stringify([order, ...below]))).toThrow('nested deeper')
  expect(() => decodeInput(`["${'x'.repeat(LONGEST_INPUT)}"]`)).toThrow(InputRefused)
})

test("data in another format than devalue's is refused", () => {
  const others = ['{}', '"x"', '[[1.5]]', '[["1"],2]', '[[9]]', '[[-8]]', '[]', 'true']
  for (const text of others) expect(() => decodeInput(text)).toThrow()
  expect(() => decodeInput({ job_id: 'x' })).toThrow(InputRefused)
  expect(() => decodeInput('[{"__proto__":1},1]')).toThrow('__proto__')
})

test('what is refused says why', () => {
  const why = (text: unknown) => {
    try {
      return decodeInput(text)
    } catch (error) {
      return String(error)
    }
  }
  const plain =
    'InputRefused: The input is not plain data: null, booleans, numbers, text, lists, objects.'
  expect(why(1)).toBe('InputRefused: The input must be text.')
  const others = ['{}', '"x"', 'true', 'null', '[[1]]', '[[1.5]]', '[["1"]]', '[[-8]]', '[]']
  for (const text of others) expect(why(text)).toBe(plain)
})

test('the longest and the deepest input are taken, and anything beyond is refused', () => {
  const long = (length: number) => `["${'x'.repeat(length - 4)}"]`
  expect(decodeInput(long(LONGEST_INPUT))).toHaveLength(LONGEST_INPUT - 4)
  expect(() => decodeInput(long(LONGEST_INPUT + 1))).toThrow('larger than')
  const deep = (levels: number) =>
    Array.from({ length: levels }).reduce<unknown>((inner) => [inner], 7)
  expect(back(deep(16))).toEqual(deep(16))
  expect(() => back(deep(17))).toThrow('nested deeper than 16 levels')
})

test('names count each time that their object is used', () => {
  const one = { ['n'.repeat(LONGEST_INPUT / 64)]: 1 }
  expect(back(Array.from({ length: 62 }, () => one))).toHaveLength(62)
  expect(() => back(Array.from({ length: 64 }, () => one))).toThrow('larger than')
})

test('a value whose uses fill the limit exactly is taken, and one character more is refused', () => {
  const thrice = (length: number) => Array.from({ length: 3 }, () => 'x'.repeat(length))
  // The list and each of its texts count one more.
  const most = (LONGEST_INPUT - 4) / 3
  expect(back(thrice(most))).toEqual(thrice(most))
  expect(() => back(thrice(most + 1))).toThrow('larger than')
})
