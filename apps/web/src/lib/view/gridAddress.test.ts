import { expect, test } from 'vitest'
import { gridParameters, readGrid } from './gridAddress.ts'

test('an address and the state of the grid convert to each other without loss', () => {
  const search = 'find=loss+train&pin=a%2Cb&pin=loss&fold=system&fold=eval&full=train%2Floss'
  expect(String(gridParameters(readGrid(new URLSearchParams(search))))).toBe(search)
})

test('a default grid has an address without parameters, and a repeated pin counts once', () => {
  expect(String(gridParameters(readGrid(new URLSearchParams())))).toBe('')
  expect(readGrid(new URLSearchParams('pin=a&pin=a'))).toMatchObject({
    pins: ['a'],
    find: '',
  })
})
