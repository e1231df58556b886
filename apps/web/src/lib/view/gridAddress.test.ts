import { expect, test } from 'vitest'
import { gridParameters, readGrid } from './gridAddress.ts'

test('an address says what of the grid is searched, pinned and folded, and back again', () => {
  const search = 'find=loss+train&pin=a%2Cb&pin=loss&fold=system&fold=eval&full=train%2Floss'
  expect(String(gridParameters(readGrid(new URLSearchParams(search))))).toBe(search)
})

test('a plain grid has a plain address, and a name that is pinned twice is pinned once', () => {
  expect(String(gridParameters(readGrid(new URLSearchParams())))).toBe('')
  expect(readGrid(new URLSearchParams('pin=a&pin=a'))).toMatchObject({
    pins: ['a'],
    find: '',
  })
})
