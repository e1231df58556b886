import { expect, test } from 'vitest'
import { kindWords, servingWords } from './kind.ts'

test('whole weights have no text', () => {
  for (const kind of ['full', null] as const) {
    expect([kindWords({ kind, base: null }), servingWords({ kind, base: null })]).toEqual(['', ''])
  }
})

test('the text of an adapter names its base, and that of shards says that they must be merged', () => {
  const adapter = { kind: 'adapter', base: 'gpt2' } as const
  expect(kindWords(adapter)).toBe('adapter of gpt2')
  expect(servingWords(adapter)).toContain('together with gpt2')
  expect(servingWords({ ...adapter, base: null })).toContain('together with its base')
  const shards = { kind: 'sharded', base: null } as const
  expect([kindWords(shards), servingWords(shards)]).toEqual([
    'in shards',
    'It is saved in shards. Merge them before you serve it.',
  ])
})
