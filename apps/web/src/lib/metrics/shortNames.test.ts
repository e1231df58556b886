import { expect, test } from 'vitest'
import { sharedStart, shortName } from './shortNames.ts'

test('the long beginning that all names of a group share is left out', () => {
  const names = [1, 12].map((layer) => `layers/model.decoder.block.${layer}.attention.grad_norm`)
  const shared = sharedStart(names)
  expect(shared).toBe('layers/model.decoder.block.')
  expect(names.map((name) => shortName(name, shared))).toEqual([
    '…1.attention.grad_norm',
    '…12.attention.grad_norm',
  ])
})

test('a short beginning stays, and so does the name of a single series', () => {
  expect(sharedStart(['train/loss', 'train/lr'])).toBe('')
  expect(sharedStart(['a/very/long/name/of/one'])).toBe('')
  expect(sharedStart([])).toBe('')
  expect(sharedStart(['abcdefghijkl1', 'abcdefghijkl2'])).toBe('')
})

test('names that fit stay whole', () => {
  expect(sharedStart(['layers/norm.0', 'layers/norm.12'])).toBe('')
})
