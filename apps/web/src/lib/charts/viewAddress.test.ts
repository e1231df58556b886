import { expect, test } from 'vitest'
import { readViewing, viewingSearch } from './viewAddress.ts'

const read = (search: string) => readViewing(new URLSearchParams(search))

test('an address says how the chart is looked at, and back again', () => {
  const search = 'show=grad_norm&x=time&log=1&smooth=0.6&window=10.0000%7E250.500'
  expect(viewingSearch(read(search))).toBe(search)
})

test('a plain chart has a plain address', () => {
  expect(viewingSearch(read(''))).toBe('')
})

test('what an address makes no sense of is left out', () => {
  expect(viewingSearch(read('x=sideways&smooth=7&log=yes&window=9~1'))).toBe('smooth=0.99')
  expect(viewingSearch(read('smooth=-1&window=a~b'))).toBe('')
})
