import { expect, test } from 'vitest'
import { packNumbers, packTriples, unpackNumbers } from './packedNumbers.ts'

/** As many numbers as a chunk has at most. */
const COUNT = 1_024
const numbers = (of: (index: number) => number) =>
  Float64Array.from({ length: COUNT }, (_, i) => of(i))

const START = 1_790_000_000_000
/** Numbers as runs log them, and the most bytes that each may take. */
const LOGGED: Record<string, [numbers: Float64Array, bytes: number]> = {
  'steps from 1': [numbers((i) => i + 1), 21],
  'steps by 50, from 10 million': [numbers((i) => 1e7 + 50 * i), 21],
  'a constant learning rate': [numbers(() => 3e-4), 21],
  'times that no run logged': [numbers(() => NaN), 21],
  'losses of 32 bits': [numbers((i) => Math.fround(Math.sin(i) / (i + 1))), 1 + 4 * COUNT],
  'whole milliseconds': [numbers((i) => START + 813 * i + ((i * i) % 97)), 1_521],
  'seconds with microseconds': [numbers((i) => START / 1_000 + i + ((i * i) % 97) / 1e6), 1_522],
  'losses that were rounded to four digits': [
    numbers((i) => Math.round(2e4 + 9e3 * Math.sin(i)) / 1e4),
    3_075,
  ],
  'counts of tokens': [numbers((i) => 8_192 * i + (i % 7)), 1_039],
  'far from each other': [numbers((i) => START + ((i * 2_654_435_761) % 2 ** 32)), 9 + 4 * COUNT],
  'losses of 64 bits': [numbers((i) => Math.sin(i) / (i + 1)), 8 * COUNT],
  'milliseconds with a fraction': [numbers((i) => START + 813.123 * i), 1_039],
}

/** Numbers that a form could change, or that no form but the plain one keeps. */
const ODD: Record<string, number[]> = {
  'no number': [],
  'one number': [0.1],
  'two numbers': [0.1, 0.3],
  'only zeros with a sign': [-0, -0],
  'a zero with a sign among steps': [-2, -1, -0, 1],
  'not finite': [NaN, Infinity, -Infinity, 1],
  'infinite from the first': [Infinity, Infinity, Infinity],
  'a zero with a sign among decimals': [0.5, -0, 0.25, 7],
  'the largest change of a difference': [0, 2 ** 31 - 1, 0, 5],
  'a larger change of a difference': [0, 2 ** 31, 0, 5],
  'almost decimals': [0.001, 0.002, 0.0030000000000000005, 0.5],
  'whole numbers that are not exact': [2 ** 53, 2 ** 53 + 2, 2 ** 54],
  'differences that round': [0.1, 0.2, 0.30000000000000004, 0.4],
  'too large for differences': [-1.7e308, 1.7e308, 1],
  'the smallest numbers': [5e-324, 1e-45, 0],
  'an offset below zero': [START + 1, START, START + 2],
  'an offset of more than 32 bits': [START, START + 1, START + 2 ** 32],
  'the largest offset': [START + 0.5, START + 7.5, START + 0.5 + 2 ** 32 - 1],
}

const ALL = [
  ...Object.entries(LOGGED).map(([name, [given]]) => [name, given] as const),
  ...Object.entries(ODD).map(([name, given]) => [name, Float64Array.from(given)] as const),
]

test.each(ALL)('%s: each number is the same to the last bit', (_name, given) => {
  const bytes = packNumbers(given)
  // The driver gives bytes from any place of its buffer.
  const found = unpackNumbers(Buffer.concat([Buffer.of(0, 0, 0), bytes]).subarray(3))
  expect(new BigUint64Array(found.buffer)).toEqual(new BigUint64Array(given.buffer))
})

test.each(Object.entries(LOGGED))(
  '%s: they take no more bytes than needed',
  (_name, [given, bytes]) => {
    expect(packNumbers(given)).toHaveLength(bytes)
  },
)

test('bytes that an older version stored are read', () => {
  const given = numbers((i) => i / 7)
  expect(unpackNumbers(Buffer.from(given.buffer))).toEqual(given)
})

test.each([0, 1, 2, 3, 34, 64])('%s points of three numbers stay as they are', (count) => {
  const given = Float64Array.from({ length: 3 * count }, (_, at) => {
    return [50 * at, Math.sin(at), START + 813 * at + ((at * at) % 97)][at % 3] ?? NaN
  })
  const bytes = packTriples(given)
  expect(unpackNumbers(Buffer.concat([Buffer.of(0, 0, 0), bytes]).subarray(3))).toEqual(given)
  expect(bytes.length % 8).not.toBe(0)
  // A step has one byte or two, and a time two.
  expect(bytes.length).toBeLessThan(80 + 12 * count)
})

test('times that an older version stored as offsets are read', () => {
  const offsets = Buffer.from(Uint32Array.of(0, 813, 1_700).buffer)
  const stored = [Buffer.of(3), Buffer.from(Float64Array.of(START).buffer), offsets]
  expect([...unpackNumbers(Buffer.concat(stored))]).toEqual([START, START + 813, START + 1_700])
})

test('only plain numbers have a length that is a multiple of eight', () => {
  for (let count = 1; count <= 64; count++) {
    for (const [all] of Object.values(LOGGED)) {
      const given = all.slice(0, count)
      const bytes = packNumbers(given)
      const isPlain = bytes.equals(Buffer.from(given.buffer))
      expect(bytes.length % 8 === 0).toBe(isPlain)
    }
  }
})

test('bytes of an unknown form are an error', () => {
  expect(() => unpackNumbers(Buffer.of(9, 0, 0))).toThrow('unknown form 9')
})
