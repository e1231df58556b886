import { expect, test } from 'vitest'
import { generator, interval } from './bootstrap.ts'
import { studentQuantile } from './student.ts'

test("Student's quantiles equal those of the tables, and are near the normal's for many degrees", () => {
  const printed = { 1: 12.706, 2: 4.303, 5: 2.571, 10: 2.228, 30: 2.042, 1_000: 1.962 }
  for (const [degrees, value] of Object.entries(printed)) {
    expect(studentQuantile(Number(degrees))).toBeCloseTo(value, 3)
  }
})

/** Standard normal numbers, by Box and Muller's transform. */
function normals(seed: number): () => number {
  const uniform = generator(seed)
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform())
}

test.each([3, 6, 12])(
  'an interval over %i groups contains the true value about as often as it claims',
  (groups) => {
    const [normal, cases] = [normals(7), 400]
    let held = 0
    for (let seed = 0; seed < cases; seed++) {
      const drawn = Array.from({ length: groups }, (_, at) => ({ group: `${at}`, value: normal() }))
      const [low, high] = interval(drawn, seed) ?? [NaN, NaN]
      if (low <= 0 && high >= 0) held++
    }
    // Four standard errors of a share of 0.95 in so many draws.
    const slack = 4 * Math.sqrt((0.95 * 0.05) / cases)
    expect(held / cases).toBeGreaterThan(0.95 - slack)
  },
)

test('the numbers of a seed are the numbers of Mulberry32', () => {
  const next = generator(1)
  expect([next(), next(), next()]).toEqual([
    0.6270739405881613, 0.002735721180215478, 0.5274470399599522,
  ])
})

test("an interval is wider than the draws of whole groups by Student's ratio", () => {
  const drawn = (...groups: number[][]) =>
    groups.flatMap((values, at) => values.map((value) => ({ group: `${at}`, value })))
  expect(interval(drawn([]), 1)).toBeNull()
  expect(interval(drawn([1, 2, 3]), 1)).toBeNull()
  // Draws of two groups have the mean of one group, or of both; 95 % reach both ends.
  const by = (12.7062 / 1.96) * Math.SQRT2
  const [low = NaN, high = NaN] = interval(drawn([0, 0, 0], [1]), 1) ?? []
  expect(low).toBeCloseTo(0.25 - by * 0.25, 3)
  expect(high).toBeCloseTo(0.25 + by * 0.75, 3)
  // Of 27 draws of three groups one has only the lowest, and one only the highest.
  const three = (4.3027 / 1.96) * Math.sqrt(3 / 2)
  const [below = NaN, above = NaN] = interval(drawn([0], [1], [2]), 1) ?? []
  expect(below).toBeCloseTo(1 - three, 3)
  expect(above).toBeCloseTo(1 + three, 3)
})

test('the interval of the negative values is the negative interval', () => {
  const drawn = Array.from({ length: 30 }, (_, at) => ({ group: `${at}`, value: Math.sqrt(at) }))
  const [low = NaN, high = NaN] = interval(drawn, 1) ?? []
  const negative = drawn.map(({ group, value }) => ({ group, value: -value }))
  const [from = NaN, to = NaN] = interval(negative, 1) ?? []
  expect(from).toBeCloseTo(-high, 9)
  expect(to).toBeCloseTo(-low, 9)
})
