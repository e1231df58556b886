import { expect, test } from 'vitest'
import { bearer, isCrossSite, isLoopback, mayWrite, withinBoard } from './access.ts'

test('names of this machine are accepted on any port', () => {
  const hosts = ['localhost', 'localhost:4173', '127.0.0.1:80', '[::1]:3000', 'board.localhost:1']
  expect(hosts.filter(isLoopback)).toEqual(hosts)
})

test('any other name is refused, even if it looks like this machine', () => {
  const hosts = ['evil.com', 'localhost.evil.com', '127.0.0.1.evil.com', '10.0.0.1', '', null]
  expect(hosts.filter(isLoopback)).toEqual([])
})

test('a redirect stays on the board', () => {
  const paths = ['/jobs/1', '/', '//evil.com/', '///evil.com', '/\\\\evil.com', '']
  const kept = ['/jobs/1', '/', '/evil.com/', '/evil.com', '/evil.com', '/']
  expect(paths.map(withinBoard)).toEqual(kept)
})

function request(method: string, headers: Record<string, string> = {}) {
  return new Request('http://localhost:3000/trpc/jobs.stop', { method, headers })
}

test('a request that reads needs no origin', () => {
  expect(mayWrite(request('GET', { origin: 'http://evil.com' }), { host: 'localhost:3000' })).toBe(
    true,
  )
})

test('only a page of this board may write with a cookie', () => {
  const from = (origin: string) => mayWrite(request('POST', { origin }), { host: 'localhost:3000' })
  expect(from('http://localhost:3000')).toBe(true)
  expect(from('http://localhost:4000')).toBe(false)
  expect(from('http://evil.com')).toBe(false)
  expect(from('null')).toBe(false)
})

test('a tool without an origin writes with its token as Bearer, and not otherwise', () => {
  const tool = request('POST', { authorization: 'Bearer secret' })
  expect(mayWrite(tool, { host: 'localhost:3000' })).toBe(true)
  expect(bearer(tool.headers)).toBe('secret')
  expect(mayWrite(request('POST'), { host: 'localhost:3000' })).toBe(false)
})

const by = (site: string, mode = 'cors', dest = 'empty', more: Record<string, string> = {}) =>
  request('GET', {
    'sec-fetch-site': site,
    'sec-fetch-mode': mode,
    'sec-fetch-dest': dest,
    ...more,
  })

test('a link on another site may open pages, but never a procedure', () => {
  for (const site of ['cross-site', 'same-site', 'none']) {
    expect(isCrossSite(by(site, 'navigate', 'document'), false)).toBe(false)
    expect(isCrossSite(by(site, 'navigate', 'document'), true)).toBe(true)
  }
  expect(isCrossSite(by('same-origin', 'navigate', 'document'), true)).toBe(true)
})

test('another page may not frame, embed or fetch anything of the board', () => {
  const requests = [by('cross-site', 'no-cors', 'image'), by('same-site', 'cors', 'empty')]
  for (const one of [...requests, by('cross-site', 'navigate', 'iframe')]) {
    expect([isCrossSite(one, false), isCrossSite(one, true)]).toEqual([true, true])
  }
})

test('pages of the board and tools may send any request', () => {
  const bearers = by('cross-site', 'cors', 'empty', { authorization: 'Bearer secret' })
  for (const one of [by('same-origin'), request('GET'), bearers]) {
    expect([isCrossSite(one, false), isCrossSite(one, true)]).toEqual([false, false])
  }
})
