import { expect, test } from 'vitest'
import { queryAddress, readQuery } from './jobQuery.ts'

const read = (search: string) => readQuery(new URLSearchParams(search))

test('an address says what the list shows, and back again', () => {
  const address =
    '/?status=running&status=lost&shelf=archived&tag=lora&project=asr&search=moby&sort=name&cursor=abc'
  expect(queryAddress(read(address.slice(2)))).toBe(address)
})

test('a plain list has a plain address', () => {
  expect(queryAddress(read('status=&sort=newest&search=+'))).toBe('/')
})

test('what an address makes no sense of is left out', () => {
  expect(read('status=fast&sort=worst')).toMatchObject({ status: [], sort: 'newest' })
})
