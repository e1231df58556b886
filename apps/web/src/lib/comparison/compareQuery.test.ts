import { expect, test } from 'vitest'
import { compareInput, querySearch, readQuery } from './compareQuery.ts'

const read = (search: string) => readQuery(new URLSearchParams(search))
const [A, B] = ['aaaaaaaa-0000-4000-8000-000000000001', 'aaaaaaaa-0000-4000-8000-000000000002']

test('an address says what is compared and how it is looked at, and back again', () => {
  for (const search of [
    `jobs=${A},${B}&sides=${B},${A}&metric=eval_f1&log=1`,
    'project=a+b&metric=eval_loss',
  ]) {
    expect(querySearch(read(search))).toBe(search)
  }
})

test('jobs are taken once each, and what is no id is left out', () => {
  expect(read(`jobs=${A},x, ${A.toUpperCase()} ,${B}`).job_ids).toEqual([A, B])
  expect(read(`sides=${A}`).sides).toBeNull()
})

test('jobs go before a project, and nothing named is nothing asked', () => {
  expect(compareInput(read(`jobs=${A}&project=x`))).toEqual({ job_ids: [A] })
  expect(compareInput(read('project=x&metric=m'))).toEqual({ project: 'x', metric: 'm' })
  expect(compareInput(read(''))).toBeNull()
})
