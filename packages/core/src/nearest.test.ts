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
