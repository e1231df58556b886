import { expect, test } from 'vitest'
import { readViewing, viewingSearch } from './viewAddress.ts'

const read = (search: string) => readViewing(new URLSearchParams(search))

test('an address and a view convert to each other without loss', () => {
  const search = 'show=grad_norm&x=time&log=1&smooth=0.6&clip=0&window=10.0000%7E250.500'
  expect(viewingSearch(read(search))).toBe(search)
})

test('a chart with default options has an address without parameters', () => {
  expect(viewingSearch(read(''))).toBe('')
})

test('an invalid parameter of an address is ignored', () => {
  expect(viewingSearch(read('x=sideways&smooth=7&log=yes&window=9~1'))).toBe('smooth=0.99')
  expect(viewingSearch(read('smooth=-1&window=a~b'))).toBe('')
})

test('any window of an address is a valid one or null', () => {
  const windows = [
    '1e17~1.0000000000000002e17',
    '1e300~1e308',
    '-Infinity~Infinity',
    '0~Infinity',
    '~',
    'NaN~1',
  ]
  windows.push(
    '1e999~1e1000',
    '1~2~3',
    '1e15~1000000000000001',
    '-1e-320~1e-320',
    '0x10~0b11111',
    ' ~9',
    '5',
  )
  for (const text of windows) {
    const { window } = read(new URLSearchParams({ window: text }).toString())
    if (!window) continue
    expect([text, ...window]).toEqual([text, ...window.filter(Number.isFinite)])
    expect(window[1]).toBeGreaterThan(window[0])
    expect(window[1] - window[0]).toBeGreaterThan(Math.abs(window[1]) * 1e-11)
  }
})

test('a narrow window far from 0 is the same after the way through the address', () => {
  const view = { ...read(''), window: [1e15, 1e15 + 1e6] as const }
  expect(read(viewingSearch(view)).window).toEqual(view.window)
})
