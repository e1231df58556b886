import { expect, test } from 'vitest'
import { readTabs, tabParameters } from './tabAddress.ts'

test('an address and the state of the tabs convert to each other without loss', () => {
  const search = 'tab=output&level=error&text=out+of+memory&line=702&option=lr'
  expect(String(tabParameters(readTabs(new URLSearchParams(search))))).toBe(search)
})

test('the default tab has an address without parameters, and an unknown tab, level or line is ignored', () => {
  expect(
    String(tabParameters(readTabs(new URLSearchParams('tab=__proto__&level=loud&line=-1')))),
  ).toBe('')
})
