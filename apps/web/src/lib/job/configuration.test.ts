import { expect, test } from 'vitest'
import { settings } from './configuration.ts'

test('settings are listed as paths, in the order of their names', () => {
  const config = {
    lr: 0.0003,
    seed: 12345,
    model: { layers: 2, heads: [1, 2] },
    text: 'a',
    none: null,
  }
  expect(settings(config).map(({ name, text }) => `${name}=${text}`)).toEqual([
    'lr=3e−4',
    'model.heads=[1,2]',
    'model.layers=2',
    'none=null',
    'seed=12345',
    'text=a',
  ])
})
