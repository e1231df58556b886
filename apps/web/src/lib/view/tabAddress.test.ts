import { expect, test } from 'vitest'
import { readTabs, tabParameters } from './tabAddress.ts'

test('an address has the open tab and its filters, and back again', () => {
  const search = 'tab=output&level=error&text=out+of+memory&option=lr'
  expect(String(tabParameters(readTabs(new URLSearchParams(search))))).toBe(search)
})

test('the checkpoints have a plain address, and an unknown tab or level is as if not given', () => {
  expect(String(tabParameters(readTabs(new URLSearchParams('tab=__proto__&level=loud'))))).toBe('')
})
