import { expect, test } from 'vitest'
import { type Entry, matching, moved } from './entries.ts'

const entry = (name: string, detail = ''): Entry => {
  return { key: name, name, detail, action: { path: `/${name}` } }
}
const names = (entries: readonly Entry[]): string[] => entries.map(({ name }) => name)

test('an entry matches if its name and detail have every word, in any order and case', () => {
  const entries = [entry('Deploy this checkpoint', 'on this page'), entry('Jobs', 'page')]
  expect(names(matching(entries, 'CHECK depl'))).toEqual(['Deploy this checkpoint'])
  expect(names(matching(entries, 'page'))).toEqual(['Deploy this checkpoint', 'Jobs'])
  expect(matching(entries, 'deploy jobs')).toEqual([])
})

test('without a text all entries match, in their order, and only the first eight are shown', () => {
  const entries = Array.from({ length: 9 }, (_, index) => entry(`entry ${index}`))
  expect(matching(entries, ' ')).toEqual(entries.slice(0, 8))
})

test('entries that begin with the text come before those that contain it', () => {
  const entries = [entry('Edit the output'), entry('Output'), entry('outputs')]
  expect(names(matching(entries, 'output'))).toEqual(['Output', 'outputs', 'Edit the output'])
})

test('the lines are a circle for the arrow keys', () => {
  expect([moved(0, 1, 3), moved(2, 1, 3), moved(0, -1, 3), moved(0, 1, 0)]).toEqual([1, 0, 2, 0])
})
