import { expect, test } from 'vitest'
import { queryAddress, readQuery } from './jobQuery.ts'

const read = (search: string) => readQuery(new URLSearchParams(search))

test('an address and a query convert to each other without loss', () => {
  const address =
    '/?status=running&status=lost&shelf=archived&tag=lora&project=asr&search=moby&sort=best%3Aeval_f1&order=descending&group=project' +
    '&column=best%3Aeval_f1&column=config%3Alr&cursor=abc'
  expect(queryAddress(read(address.slice(2)))).toBe(address)
})

test('the default list has an address without parameters', () => {
  expect(queryAddress(read('status=&sort=newest&search=+'))).toBe('/')
})

test('an invalid parameter of an address is ignored', () => {
  expect(read('status=fast&sort=worst&column=worst:x&group=x')).toMatchObject({
    ...{ status: [], sort: 'newest', columns: [], group: '' },
  })
})
