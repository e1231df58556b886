import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { servingOf } from './serving.ts'

const URL_OF = { BESTMARK_URL: 'https://board.lab.org' }
const OIDC = {
  BESTMARK_OIDC_ISSUER: 'https://id.lab.org',
  BESTMARK_OIDC_CLIENT_ID: 'bestmark',
  BESTMARK_OIDC_CLIENT_SECRET: 'secret',
  BESTMARK_OIDC_DOMAINS: 'Lab.org, uni.edu',
}

test('people sign in exactly where others can reach the board: by its address or by a proxy', () => {
  const local = ['', '127.0.0.1', '127.9.9.9', '::1', 'localhost']
  for (const HOST of local) {
    expect([HOST, servingOf({ HOST, ...URL_OF, ...OIDC })]).toMatchObject([
      HOST,
      { hasAccounts: false, url: undefined, oidc: undefined },
    ])
  }
  for (const HOST of ['0.0.0.0', '::', '10.0.0.5', 'board.lab.org']) {
    expect([HOST, servingOf({ HOST }).hasAccounts]).toEqual([HOST, true])
  }
  const behind = servingOf({ ...URL_OF, BESTMARK_PROXIES: '127.0.0.1' })
  expect([behind.hasAccounts, behind.url?.href]).toEqual([true, 'https://board.lab.org/'])
})

test('a proxy is one of the listed addresses or networks', () => {
  const { isProxy } = servingOf({ ...URL_OF, BESTMARK_PROXIES: '127.0.0.1, 10.0.0.0/24 fd00::/8' })
  const asked = ['127.0.0.1', '::ffff:127.0.0.1', '10.0.0.9', 'fd00::1', '10.0.1.9', '::1', '', 'x']
  expect(asked.filter(isProxy)).toEqual(asked.slice(0, 4))
  expect(servingOf({ HOST: '0.0.0.0' }).isProxy('127.0.0.1')).toBe(false)
})

test('a provider gives the role viewer to people of its domains', () => {
  const { oidc } = servingOf({ HOST: '0.0.0.0', ...URL_OF, ...OIDC })
  expect(oidc).toMatchObject({ domains: ['lab.org', 'uni.edu'], role: 'viewer' })
})

test('a variable that is wrong or missing is named', () => {
  const open = { HOST: '0.0.0.0', ...URL_OF }
  for (const [env, message] of [
    [{ BESTMARK_PROXIES: '127.0.0.1' }, 'BESTMARK_PROXIES needs BESTMARK_URL'],
    [{ ...open, BESTMARK_PROXIES: 'nginx' }, 'got "nginx"'],
    [{ ...open, BESTMARK_PROXIES: '10.0.0.0/33' }, 'got "10.0.0.0/33"'],
    [{ ...open, BESTMARK_PROXIES: '0.0.0.0/0' }, 'got "0.0.0.0/0"'],
    [{ HOST: '0.0.0.0', BESTMARK_URL: 'board.lab.org' }, 'must be an address like'],
    [{ HOST: '0.0.0.0', BESTMARK_URL: 'https://lab.org/board' }, 'without a path'],
    [{ ...open, BESTMARK_TLS_CERT: '/none' }, 'must be set together'],
    [{ ...open, BESTMARK_TLS_CERT: '/none', BESTMARK_TLS_KEY: '/none' }, 'cannot be read (ENOENT)'],
    [{ HOST: '0.0.0.0', ...OIDC }, 'BESTMARK_OIDC_ISSUER needs BESTMARK_URL'],
    [{ ...open, ...OIDC, BESTMARK_OIDC_DOMAINS: '' }, 'needs BESTMARK_OIDC_DOMAINS'],
    [{ ...open, ...OIDC, BESTMARK_OIDC_ROLE: 'boss' }, 'one of viewer, member, admin; got "boss"'],
    [{ ...open, ...OIDC, BESTMARK_OIDC_ISSUER: 'id.lab.org' }, 'must be an address like https'],
  ] as const) {
    expect(() => servingOf(env)).toThrow(message)
  }
})

test('a certificate is served to other machines only', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bestmark-tls-'))
  const path = join(folder, 'pem')
  await writeFile(path, 'PEM')
  const files = { BESTMARK_TLS_CERT: path, BESTMARK_TLS_KEY: path }
  expect(servingOf({ HOST: '0.0.0.0', ...files }).tls?.cert.toString()).toBe('PEM')
  expect(() => servingOf(files)).toThrow('needs a HOST that other machines reach')
  await rm(folder, { recursive: true })
})
