import { expect, test } from 'vitest'
import { settings } from './configuration.ts'

test('settings are told as paths, whatever their depth', () => {
  const config = {
    lr: 0.0003,
    seed: 12345,
    model: { layers: 2, heads: [1, 2] },
    text: 'a',
    none: null,
  }
  expect(settings(config).map(({ name, text }) => `${name}=${text}`)).toEqual([
    'lr=3e−4',
    'seed=12345',
    'model.layers=2',
    'model.heads=[1,2]',
    'text=a',
    'none=null',
  ])
})
