import { expect, test } from 'vitest'
import { ChosenJobs } from './chosenJobs.svelte.ts'

const page = ['a', 'b', 'c', 'd']

test('jobs are ticked and unticked one by one, in the order of the ticks', () => {
  const chosen = new ChosenJobs()
  chosen.set('c', true)
  chosen.set('a', true)
  chosen.set('b', true)
  chosen.set('a', false)
  expect([chosen.ids, chosen.has('b'), chosen.has('a')]).toEqual([['c', 'b'], true, false])
  chosen.clear()
  expect(chosen.ids).toEqual([])
})

test('a range goes from the last tick to this one, in either direction, each job once', () => {
  const chosen = new ChosenJobs()
  chosen.set('d', true)
  chosen.set('b', true, page)
  expect([...chosen.ids].sort()).toEqual(['b', 'c', 'd'])
  chosen.set('d', false, page)
  expect(chosen.ids).toEqual([])
})

test('a range whose beginning is not on the page is the one job', () => {
  const chosen = new ChosenJobs()
  chosen.set('gone', true)
  chosen.set('b', true, page)
  expect(chosen.ids).toEqual(['gone', 'b'])
})
