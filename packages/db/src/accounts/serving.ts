import { readFileSync } from 'node:fs'
import { BlockList, isIP } from 'node:net'
import { ownValue, type Role, ROLES } from '@bestmark/core'
import type { OidcOptions } from './oidc.ts'
import { Refused } from '../values/refused.ts'

type Env = Record<string, string | undefined>

/** How a board is served: to whom, under which address, and who may come in. */
export interface Serving {
  /** The address to listen on. */
  host: string
  /** Whether people sign in. Otherwise the link opens the board, on its machine only. */
  hasAccounts: boolean
  /** The address that browsers open; undefined if it follows from the machine. */
  url: URL | undefined
  /** Whether an address is that of a proxy, whose headers about the client are true. */
  isProxy: (address: string | undefined) => boolean
  /** The certificate and its key, as PEM. */
  tls: { cert: Buffer; key: Buffer } | undefined
  oidc: OidcOptions | undefined
}

const LOOPBACK = /^(127(\.\d{1,3}){3}|::1|localhost)$/

/** Reads how the board is served. Throws Refused if variables are wrong or do not fit together. */
export function servingOf(env: Env): Serving {
  const host = env['HOST'] || '127.0.0.1'
  const proxies = listIn(env['BESTMARK_PROXIES'])
  const isLocal = LOOPBACK.test(host)
  const hasAccounts = !isLocal || proxies.length > 0
  const url = hasAccounts ? urlOf(env) : undefined
  if (proxies.length > 0 && !url) {
    throw new Refused(
      'BESTMARK_PROXIES needs BESTMARK_URL: the address of the proxy that browsers open.',
    )
  }
  const isProxy = proxyRule(proxies)
  const tls = tlsOf(env)
  if (tls && isLocal) {
    throw new Refused('BESTMARK_TLS_CERT needs a HOST that other machines reach, such as 0.0.0.0.')
  }
  const oidc = oidcOf(env)
  if (oidc && hasAccounts && !url) {
    throw new Refused(
      'BESTMARK_OIDC_ISSUER needs BESTMARK_URL: the provider sends browsers back to it.',
    )
  }
  return { host, hasAccounts, url, isProxy, tls, oidc: hasAccounts ? oidc : undefined }
}

function listIn(text = ''): string[] {
  return text.split(/[\s,]+/).filter(Boolean)
}

function urlOf(env: Env): URL | undefined {
  const given = env['BESTMARK_URL']
  if (!given) return undefined
  const url = URL.canParse(given) ? new URL(given) : undefined
  if (url && /^https?:$/.test(url.protocol) && url.pathname === '/' && !url.search) return url
  throw new Refused(
    `BESTMARK_URL must be an address like https://board.lab.org, without a path; got "${given}".`,
  )
}

function proxyRule(proxies: readonly string[]): Serving['isProxy'] {
  const list = new BlockList()
  for (const proxy of proxies) {
    const [address = '', bits, ...rest] = proxy.split('/')
    const type = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    const most = type === 'ipv6' ? 128 : 32
    const length = bits === undefined ? most : Number(bits || 'none')
    const isLength = Number.isInteger(length) && length >= 1 && length <= most
    if (isIP(address) === 0 || !isLength || rest.length > 0) {
      throw new Refused(
        `BESTMARK_PROXIES must be addresses like 127.0.0.1 or 10.0.0.0/24, separated by commas; got "${proxy}".`,
      )
    }
    list.addSubnet(address, length, type)
  }
  return (address) => {
    const type = isIP(address ?? '')
    return type !== 0 && list.check(address ?? '', type === 6 ? 'ipv6' : 'ipv4')
  }
}

function tlsOf(env: Env): Serving['tls'] {
  const [cert, key] = [env['BESTMARK_TLS_CERT'], env['BESTMARK_TLS_KEY']]
  if (!cert && !key) return undefined
  if (!cert || !key) {
    throw new Refused('BESTMARK_TLS_CERT and BESTMARK_TLS_KEY must be set together.')
  }
  const read = (name: string, path: string) => {
    try {
      return readFileSync(path)
    } catch (cause) {
      const code = (cause as NodeJS.ErrnoException).code
      throw new Refused(`${name}: ${path} cannot be read (${code}).`, { cause })
    }
  }
  return { cert: read('BESTMARK_TLS_CERT', cert), key: read('BESTMARK_TLS_KEY', key) }
}

function oidcOf(env: Env): OidcOptions | undefined {
  const issuer = env['BESTMARK_OIDC_ISSUER']
  if (!issuer) return undefined
  const needed = (name: string) => {
    const value = ownValue(env, name)
    if (!value) throw new Refused(`BESTMARK_OIDC_ISSUER needs ${name}.`)
    return value
  }
  if (!URL.canParse(issuer) || !/^https?:$/.test(new URL(issuer).protocol)) {
    throw new Refused(
      `BESTMARK_OIDC_ISSUER must be an address like https://id.lab.org; got "${issuer}".`,
    )
  }
  return {
    issuer,
    client_id: needed('BESTMARK_OIDC_CLIENT_ID'),
    client_secret: needed('BESTMARK_OIDC_CLIENT_SECRET'),
    domains: listIn(needed('BESTMARK_OIDC_DOMAINS').toLowerCase()),
    role: roleOf(env['BESTMARK_OIDC_ROLE'] || 'viewer'),
  }
}

function roleOf(text: string): Role {
  const role = ROLES.find((one) => one === text)
  if (role) return role
  throw new Refused(`BESTMARK_OIDC_ROLE must be one of ${ROLES.join(', ')}; got "${text}".`)
}
