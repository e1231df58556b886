import { expect, test } from 'vitest'
import { parametersOf, readQuery, runInput } from './backtestQuery.ts'

test('an address and a query convert to each other without loss', () => {
  for (const address of ['', 'target=eval_f1', 'target=fluency&project=a+b&direction=max']) {
    expect(String(parametersOf(readQuery(new URLSearchParams(address))))).toBe(address)
  }
})

test('a direction counts only if the target’s name does not show it', () => {
  const directionOf = (address: string) =>
    runInput(readQuery(new URLSearchParams(address))).direction
  expect(directionOf('target=fluency&direction=max')).toBe('max')
  expect(directionOf('target=eval_f1&direction=min')).toBeUndefined()
  expect(directionOf('target=fluency&direction=sideways')).toBeUndefined()
})

test('without a target each run uses its own task metric', () => {
  expect(readQuery(new URLSearchParams()).target).toBe('task')
})
