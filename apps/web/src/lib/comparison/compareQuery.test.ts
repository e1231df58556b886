import { expect, test } from 'vitest'
import { compareInput, querySearch, readQuery } from './compareQuery.ts'

const read = (search: string) => readQuery(new URLSearchParams(search))
const [A, B] = ['aaaaaaaa-0000-4000-8000-000000000001', 'aaaaaaaa-0000-4000-8000-000000000002']

test('an address and a query convert to each other without loss', () => {
  for (const search of [
    `jobs=${A},${B}&sides=${B},${A}&metric=eval_f1&log=1`,
    'project=a+b&metric=eval_loss',
  ]) {
    expect(querySearch(read(search))).toBe(search)
  }
})

test('a repeated id counts once, and an invalid id is ignored', () => {
  expect(read(`jobs=${A},x, ${A.toUpperCase()} ,${B}`).job_ids).toEqual([A, B])
  expect(read(`sides=${A}`).sides).toBeNull()
})

test('ids of jobs win over a project, and without either there is no query', () => {
  expect(compareInput(read(`jobs=${A}&project=x`))).toEqual({ job_ids: [A] })
  expect(compareInput(read('project=x&metric=m'))).toEqual({ project: 'x', metric: 'm' })
  expect(compareInput(read(''))).toBeNull()
})
