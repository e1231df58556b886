import { expect, test } from 'vitest'
import { generator, interval } from './bootstrap.ts'
import { studentQuantile } from './student.ts'

test("Student's quantiles are those of the tables, and near the normal's for many degrees", () => {
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
  'an interval of %i groups holds the truth about as often as it says',
  (groups) => {
    const [normal, cases] = [normals(7), 400]
    let held = 0
    for (let seed = 0; seed < cases; seed++) {
      const drawn = Array.from({ length: groups }, (_, at) => ({ group: `${at}`, value: normal() }))
      const [low, high] = interval(drawn, seed) ?? [NaN, NaN]
      if (low <= 0 && high >= 0) held++
    }
    // Four standard errors of a share of 0.95 among so many.
    const slack = 4 * Math.sqrt((0.95 * 0.05) / cases)
    expect(held / cases).toBeGreaterThan(0.95 - slack)
  },
)
