import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { expect, test } from 'vitest'
import { CLIENT, forwardedBy } from './forwarded.ts'

const PROXIES = ['10.0.0.1', '10.0.0.2']
const read = forwardedBy({ isProxy: (address) => PROXIES.includes(address ?? '') })

function from(remoteAddress: string, given: IncomingHttpHeaders): IncomingHttpHeaders {
  const headers: IncomingHttpHeaders = { host: 'inside:4173', ...given }
  // A request has these two of its properties, which is all that is read.
  read({ headers, socket: { remoteAddress } } as unknown as IncomingMessage)
  return headers
}

const FORWARDED = {
  'x-forwarded-proto': 'https',
  'x-forwarded-host': 'board.lab.org',
  'x-forwarded-for': '203.0.113.7',
  'x-forwarded-port': '443',
  forwarded: 'for=1.2.3.4',
}

test('a proxy says which client called, by which address', () => {
  expect(from('10.0.0.1', FORWARDED)).toEqual({
    ...{ host: 'board.lab.org', [CLIENT.protocol]: 'https', [CLIENT.address]: '203.0.113.7' },
  })
})

test('nobody else is believed, and a client cannot send what the server says', () => {
  const invented = { [CLIENT.protocol]: 'https', [CLIENT.address]: '127.0.0.1' }
  expect(from('203.0.113.9', { ...FORWARDED, ...invented })).toEqual({
    ...{ host: 'inside:4173', [CLIENT.protocol]: 'http', [CLIENT.address]: '203.0.113.9' },
  })
})

test('of a chain of addresses only those that proxies added count', () => {
  const address = (list: string) => from('10.0.0.1', { 'x-forwarded-for': list })[CLIENT.address]
  expect(address('127.0.0.1, 203.0.113.7')).toBe('203.0.113.7')
  expect(address('127.0.0.1, 203.0.113.7, 10.0.0.2')).toBe('203.0.113.7')
  expect(address('')).toBe('10.0.0.1')
})

test('a protocol that is none is ignored', () => {
  expect(from('10.0.0.1', { 'x-forwarded-proto': 'ftp' })[CLIENT.protocol]).toBe('http')
  expect(from('10.0.0.1', { 'x-forwarded-proto': 'https, http' })[CLIENT.protocol]).toBe('http')
})
