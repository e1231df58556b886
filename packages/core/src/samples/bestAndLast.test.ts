import { expect, test } from 'vitest'
import { bestAndLast } from './bestAndLast.ts'

const at = (step: number | null, attempt = 0) => ({ attempt, step })

test('the samples of the best step and the last step are taken', () => {
  const sampled = [at(100), at(300), at(200)]
  expect(bestAndLast(sampled, at(200))).toEqual({ best: at(200), distance: 0, last: at(300) })
  expect(bestAndLast([at(200), at(100)], at(200)).best).toEqual(at(200))
})

test('if the best step has no samples, the nearest step is taken, with its distance', () => {
  const sampled = [at(100), at(200), at(300)]
  expect(bestAndLast(sampled, at(210))).toMatchObject({ best: at(200), distance: -10 })
  expect(bestAndLast(sampled, at(290))).toMatchObject({ best: at(300), distance: 10 })
})

test('if two steps are equally near, the earlier one is taken, in any order', () => {
  expect(bestAndLast([at(100), at(200)], at(150))).toMatchObject({ best: at(100), distance: -50 })
  expect(bestAndLast([at(200), at(100)], at(150))).toMatchObject({ best: at(100), distance: -50 })
})

test('samples of another attempt are never those of the best', () => {
  const sampled = [at(100, 0), at(150, 1)]
  expect(bestAndLast(sampled, at(150, 0))).toMatchObject({ best: at(100, 0), last: at(150, 1) })
  expect(bestAndLast([at(150, 1)], at(150, 0)).best).toBeUndefined()
})

test('the last samples are those of the last attempt, even at a lower step', () => {
  expect(bestAndLast([at(50, 1), at(900, 0)], null).last).toEqual(at(50, 1))
})

test('samples without a step are the last only if there are no others', () => {
  expect(bestAndLast([at(null)], at(1))).toEqual({ best: undefined, distance: 0, last: at(null) })
  expect(bestAndLast([at(0), at(null)], at(10)).last).toEqual(at(0))
  expect(bestAndLast([at(null), at(0)], at(10)).last).toEqual(at(0))
  expect(bestAndLast([at(10)], at(null)).best).toBeUndefined()
})

test('without samples there is neither', () => {
  expect(bestAndLast([], at(1))).toEqual({ best: undefined, distance: 0, last: undefined })
})
