import { expect, test } from 'vitest'
import { delta, epochs, measure, percent, short } from './figures.ts'

test('losses have four significant digits, with trailing zeros, so that columns line up', () => {
  expect([2.2286, 1.82, 0.61207, 12.3456, 0].map(measure)).toEqual([
    '2.229',
    '1.820',
    '0.6121',
    '12.35',
    '0.000',
  ])
})

test('very small and very large values are readable', () => {
  expect(measure(8.37e-6)).toBe('8.370e−6')
  expect(measure(22026.4657)).toBe('22,026')
  expect(measure(3.2e12)).toBe('3.200e+12')
})

test('a value that is not finite is written out, and an unknown one is a dash', () => {
  expect([NaN, Infinity, -Infinity, null].map(measure)).toEqual(['NaN', '∞', '−∞', '–'])
  expect([NaN, null].map(delta)).toEqual(['NaN', '–'])
})

test('option values have no trailing zeros', () => {
  expect([0.0003, 0.5, 64, 1e-5, 12000, -0.25].map(short)).toEqual([
    '3e−4',
    '0.5',
    '64',
    '1e−5',
    '12,000',
    '−0.25',
  ])
})

test('a difference always has its sign', () => {
  expect([0.0183, -0.5, 0, 0.000012].map(delta)).toEqual(['+0.0183', '−0.500', '±0', '+1.2e−5'])
})

test('a difference of any size is readable', () => {
  expect([1234, -25_000.4, 9_999_999, 1e7, -1e308].map(delta)).toEqual([
    '+1,234',
    '−25,000',
    '+9,999,999',
    '+1.0e+7',
    '−1.0e+308',
  ])
})

test('only a finished run is at 100 %', () => {
  expect([0, 0.684, 0.999, 1, null].map(percent)).toEqual(['0 %', '68 %', '99 %', '100 %', '–'])
})

test('epochs have one decimal unless they are whole', () => {
  expect([5.12, 3, 0.04, null].map(epochs)).toEqual(['5.1', '3', '0', '–'])
})
