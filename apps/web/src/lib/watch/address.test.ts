import { expect, test } from 'vitest'
import { fittingGroups } from './address.ts'
import type { Reader } from './reader.ts'

function readerOf(key: string, letters: number): Reader {
  const names = Array.from({ length: 50 }, (_, index) => `${'x'.repeat(letters)}${index}`)
  const ordinals = Object.fromEntries(names.map((name) => [name, 1_000]))
  return { key, watch: { jobs: ['a'], series: { job_id: 'a', names, ordinals } }, after: null }
}

test('the readers of eight tabs fit into one address', () => {
  const readers = Array.from({ length: 8 }, (_, index) => readerOf(`tab${index}`, 18))
  expect(fittingGroups(readers)).toEqual([readers])
})

test('readers that do not fit into one address are divided, none is lost', () => {
  const readers = Array.from({ length: 8 }, (_, index) => readerOf(`tab${index}`, 200))
  const groups = fittingGroups(readers)
  expect(groups.length).toBeGreaterThan(1)
  expect(groups.flat()).toEqual(readers)
})
