import { expect, test } from 'vitest'
import { nearest } from './nearest.ts'

test('a mistyped word has a nearest name; an unknown word has none', () => {
  const names = ['jobs', 'best', 'backtest', 'report', 'run', 'completion']
  for (const [word, name] of [
    ['jbos', 'jobs'],
    ['jobss', 'jobs'],
    ['repot', 'report'],
    ['bakctest', 'backtest'],
    ['comp', 'completion'],
    ['zorp', undefined],
    ['', undefined],
  ] as const) {
    expect([word, nearest(word, names)]).toEqual([word, name])
  }
})

test('of several similar names the nearest one is meant', () => {
  expect(nearest('loss', ['losses', 'boss', 'lossy'])).toBe('boss')
  expect(nearest('loss', ['lossy', 'boss'])).toBe('lossy')
  expect(nearest('accuracy', ['accuracies', 'acuracy'])).toBe('acuracy')
})

test('a third of the letters may differ, and no more than three', () => {
  expect(nearest('abc', ['axc'])).toBe('axc')
  expect(nearest('abc', ['axx'])).toBeUndefined()
  expect(nearest('abcdefghijkl', ['xxxdefghijkl'])).toBe('xxxdefghijkl')
  expect(nearest('abcdefghijkl', ['xxxxefghijkl'])).toBeUndefined()
})

test('two neighbouring letters that are swapped count as one change', () => {
  expect(nearest('abc', ['bac'])).toBe('bac')
  expect(nearest('abc', ['acb'])).toBe('acb')
  expect(nearest('abc', ['cba'])).toBeUndefined()
  expect(nearest('abc', ['bca'])).toBeUndefined()
})

test('a beginning of three letters names what begins with it', () => {
  expect(nearest('com', ['completion'])).toBe('completion')
  expect(nearest('co', ['completion'])).toBeUndefined()
})

test('letters are swapped only with their neighbours, at any place of the word', () => {
  expect(nearest('badc', ['abcd'])).toBe('abcd')
  expect(nearest('aab', ['aba'])).toBe('aba')
  // One letter of each pair is the same, so there are two changes.
  expect(nearest('aab', ['abc'])).toBeUndefined()
  expect(nearest('aab', ['aca'])).toBeUndefined()
})
