import { expect, test } from 'vitest'
import { byName, configOptions } from './configOptions.ts'

test('options are in natural order of their paths, and a list is one value', () => {
  const config = { b: { 10: 1, 2: { x: [1, 2] } }, a: null, layer10: 1, layer2: 2 }
  expect(configOptions(config)).toEqual([
    { name: 'a', value: null },
    { name: 'b.2.x', value: [1, 2] },
    { name: 'b.10', value: 1 },
    { name: 'layer2', value: 2 },
    { name: 'layer10', value: 1 },
  ])
  expect(['layer.10', 'layer.2'].sort(byName)).toEqual(['layer.2', 'layer.10'])
})
