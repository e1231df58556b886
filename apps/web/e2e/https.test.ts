import { spawn } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { copyFile, readFile } from 'node:fs/promises'
import { type IncomingMessage, request as askHttp, type RequestOptions } from 'node:http'
import { createServer, request as askHttps, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { connect } from 'node:tls'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { type Certificate, newCertificate } from './certificate.ts'
import { openPeopleSite, PASSWORD } from './people.ts'
import { isLive, type OwnSite } from './site.ts'
import { Run } from './runs.ts'

let certificate: Certificate
/** Serves https with its own certificate. */
let own: OwnSite
/** Serves http behind a proxy with https. */
let inside: OwnSite
let proxy: Server
let outside: string

beforeAll(async () => {
  certificate = await newCertificate()
  const { paths } = certificate
  const tls = { BESTMARK_TLS_CERT: paths.cert, BESTMARK_TLS_KEY: paths.key }
  let target = ''
  proxy = createServer({ cert: certificate.cert, key: certificate.key }, (request, response) => {
    const { host = '', ...headers } = request.headers
    const forwarded = {
      'x-forwarded-proto': 'https',
      'x-forwarded-host': host,
      'x-forwarded-for': '203.0.113.7',
    }
    const { method, url } = request
    const options = { method, headers: { ...headers, ...forwarded } }
    const passed = askHttp(target + url, options, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    passed.on('error', () => response.destroy())
    response.on('close', () => passed.destroy())
    request.pipe(passed)
  }).listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  outside = `https://localhost:${(proxy.address() as AddressInfo).port}`
  const behind = { HOST: '127.0.0.1', BESTMARK_PROXIES: '127.0.0.1', BESTMARK_URL: outside }
  ;[own, inside] = await Promise.all([openPeopleSite(tls), openPeopleSite(behind)])
  target = inside.url.replace('localhost', '127.0.0.1')
  for (const { db } of [own, inside]) {
    const run = await new Run(db, 'moby').begin()
    await run.train([3, 2])
  }
})
afterAll(async () => {
  proxy.closeAllConnections()
  proxy.close()
  for (const one of [own, inside, certificate]) await one[Symbol.asyncDispose]()
})

async function newPage({ browser }: OwnSite): Promise<Page> {
  // The browser does not know who signed the certificate.
  const context = await browser.newContext({ ignoreHTTPSErrors: true })
  onTestFinished(() => context.close())
  return context.newPage()
}

/** Asks for an answer; `from` is the address of the client on this machine. */
async function ask(
  address: string,
  options: RequestOptions & { body?: string } = {},
): Promise<{ status: number; headers: IncomingMessage['headers']; text: string }> {
  const { body, ...more } = options
  const send = address.startsWith('https:') ? askHttps : askHttp
  const sent = send(address, { ca: certificate.cert, ...more })
  sent.end(body)
  const [answer] = (await once(sent, 'response')) as [IncomingMessage]
  const { statusCode: status = 0, headers } = answer
  return { status, headers, text: await text(answer) }
}

const signInAs = (email: string) => new URLSearchParams({ email, password: PASSWORD }).toString()
const FORM = { 'content-type': 'application/x-www-form-urlencoded', accept: 'text/html' }

for (const [how, siteOf, urlOf] of [
  ['with its own certificate', () => own, () => own.url],
  ['behind a proxy', () => inside, () => outside],
] as const) {
  test(`a person signs in and sees live changes over https, ${how}`, async () => {
    const page = await newPage(siteOf())
    await page.goto(`${urlOf()}/`)
    await page.getByLabel('E-mail').fill('ana@lab.org')
    await page.getByLabel('Password').fill(PASSWORD)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.getByRole('link', { name: 'moby' }).first().click()
    await isLive(page)
    const [cookie] = await page.context().cookies()
    expect(cookie?.name).toMatch(/^__Secure-bestmark-/)
    expect(cookie).toMatchObject({ secure: true, httpOnly: true, sameSite: 'Lax' })
    await page.goto(`${urlOf()}/account`)
    await page.getByRole('button', { name: 'Sign out here' }).click()
    await page.getByLabel('E-mail').waitFor()
  })

  test(`a form of the same name over http is another page, ${how}`, async () => {
    const url = urlOf()
    const origin = url.replace('https:', 'http:')
    const post = (from: string) => {
      const headers = { ...FORM, origin: from }
      return ask(`${url}/sign-in`, { method: 'POST', headers, body: signInAs('max@lab.org') })
    }
    expect([(await post(origin)).status, (await post(url)).status]).toEqual([403, 303])
  })
}

test('plain http gets no answer from a server with a certificate', async () => {
  await expect(ask(own.url.replace('https:', 'http:'))).rejects.toThrow()
})

test('the address of the client is what the proxy says', async () => {
  const headers = { ...FORM, origin: outside }
  await ask(`${outside}/sign-in`, { method: 'POST', headers, body: signInAs('vera@lab.org') })
  const rows = await inside.db.sql`select distinct ip_address from sessions`
  expect(rows.map(({ ip_address }) => ip_address as string)).toEqual(['203.0.113.7'])
})

test('a client that is no proxy is not believed, and the board has no other name than that of the proxy', async () => {
  const { host } = new URL(outside)
  const url = inside.url.replace('localhost', '127.0.0.1')
  const forwarded = { 'x-forwarded-host': host, 'x-forwarded-proto': 'https' }
  const write = {
    method: 'POST',
    headers: { ...FORM, ...forwarded, origin: outside },
    body: signInAs('vera@lab.org'),
  }
  // Only 127.0.0.1 is a proxy.
  const stranger = { localAddress: '127.0.0.2' }
  expect((await ask(`${url}/sign-in`, { ...write, ...stranger })).status).toBe(403)
  expect((await ask(`${url}/sign-in`, write)).status).toBe(303)
  const named = (name: string, from = {}) =>
    ask(`${url}/sign-in`, { headers: { host: name }, ...from })
  expect((await named('board.evil.org')).status).toBe(421)
  expect((await named('board.evil.org', stranger)).status).toBe(421)
  const evil = { ...forwarded, 'x-forwarded-host': 'board.evil.org' }
  expect((await ask(`${url}/sign-in`, { headers: evil })).status).toBe(421)
  expect((await ask(`${url}/sign-in`)).status).toBe(200)
})

test('neither server printed anything', () => {
  expect([own.printed(), inside.printed()]).toEqual(['', ''])
})

/** The fingerprint of the certificate that a new connection gets. */
async function fingerprint(): Promise<string> {
  const { hostname: host, port } = new URL(own.url)
  const socket = connect({ host, port: Number(port), rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  const { fingerprint256 } = socket.getPeerCertificate()
  socket.destroy()
  return fingerprint256
}

test('a renewed certificate is served without a restart, once its files fit together', async () => {
  await using renewed = await newCertificate()
  const before = await fingerprint()
  expect(before).toBe(new X509Certificate(certificate.cert).fingerprint256)
  await copyFile(renewed.paths.cert, certificate.paths.cert)
  await expect.poll(() => own.printed()).toContain('The earlier ones stay.')
  expect(await fingerprint()).toBe(before)
  await copyFile(renewed.paths.key, certificate.paths.key)
  await expect.poll(fingerprint).toBe(new X509Certificate(renewed.cert).fingerprint256)
})

/** How the health check of the container ends for a board with these variables. */
async function healthOf(variables: NodeJS.ProcessEnv): Promise<unknown> {
  const file = await readFile(new URL('../../../deploy/Containerfile', import.meta.url), 'utf8')
  const words = /^HEALTHCHECK .*CMD (\[.*\])$/m.exec(file)?.[1] ?? '[]'
  const [, ...args] = JSON.parse(words) as string[]
  const check = spawn(process.execPath, args, { env: variables, stdio: 'ignore' })
  const [code] = (await once(check, 'exit')) as [number | null]
  return code
}

test('the health check of the container asks the board by its protocol', async () => {
  const tls = { BESTMARK_TLS_CERT: certificate.paths.cert, BESTMARK_TLS_KEY: 'a file' }
  const [secure, plain] = [new URL(own.url).port, new URL(inside.url).port]
  expect(await healthOf({ PORT: secure, HOST: '0.0.0.0', ...tls })).toBe(0)
  expect(await healthOf({ PORT: plain })).toBe(0)
  // A server with a certificate does not answer http.
  expect(await healthOf({ PORT: secure })).toBe(1)
  expect(await healthOf({ PORT: '1', ...tls })).toBe(1)
})
