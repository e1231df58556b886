import { randomUUID } from 'node:crypto'
import { audited, createApiToken, revokeApiToken } from '@bestmark/db'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { violationsOf } from './axe.ts'
import { earlyControls } from './early.ts'
import { keepPicture } from './kept.ts'
import { misfitsOf } from './layout.ts'
import { Run } from './runs.ts'
import { openSite, showOn, type Site } from './site.ts'

let site: Site
let run: Run
beforeAll(async () => {
  site = await openSite()
  run = await new Run(site.db, 'moby').begin()
})
afterAll(() => site[Symbol.asyncDispose]())

test('the page lists tokens and changes, and shows no secret', async () => {
  const page = await (await site.visitor()).newPage()
  await page.goto('/alerts')
  await page.getByRole('link', { name: /^Access/ }).click()
  await page.getByText('No program has a token.').waitFor()
  await page.getByText('Nobody has changed anything').waitFor()

  const lost = await createApiToken(site.db, { name: 'lost', scope: 'write', days: 30 })
  await revokeApiToken(site.db, lost.token.token_id)
  const { secret } = await createApiToken(site.db, { name: 'notebook', scope: 'read', days: 30 })
  await fetch(`${site.url}/api/v1/jobs`, { headers: { authorization: `Bearer ${secret}` } })
  const headers = { authorization: `Bearer ${site.token}`, 'content-type': 'application/json' }
  const body = JSON.stringify(JSON.stringify([{ job_id: 1, name: 2 }, run.job_id, 'whale']))
  await fetch(`${site.url}/trpc/jobs.rename`, { method: 'POST', headers, body })

  await page.goto('/access')
  const tokens = page.getByRole('region', { name: 'Tokens of programs' }).getByRole('listitem')
  await expect.poll(() => tokens.allInnerTexts()).toHaveLength(2)
  const [first, second] = await tokens.allInnerTexts()
  expect(first).toMatch(/notebook · read\s.*valid until \d{4}-\d\d-\d\d .*used /s)
  expect(second).toMatch(/lost · write\s.*revoked .*never used/s)
  const changes = page.getByRole('region', { name: 'Changes' }).getByRole('listitem')
  expect(await changes.allInnerTexts()).toEqual([
    expect.stringMatching(/jobs\.rename done\s.*somebody with the link/s),
  ])
  expect(await changes.innerText()).toContain(run.job_id)
  for (const hidden of [secret, lost.secret, site.token]) {
    expect(await page.content()).not.toContain(hidden)
  }
})

test('earlier changes are on the next pages, each once', async () => {
  const nothing = async () => undefined
  const entry = {
    caller: 'token',
    token_id: null,
    person_id: null,
    procedure: 'jobs.note',
    subject: {},
  } as const
  for (let at = 0; at < 60; at++) {
    await audited(site.db, { ...entry, name: `n${at}` }, nothing, () => 'done')
  }
  const page = await (await site.visitor()).newPage()
  await page.goto('/access')
  const changes = page.getByRole('region', { name: 'Changes' }).getByRole('listitem')
  const names = async () =>
    (await changes.allInnerTexts()).flatMap((text) => /token (n\d+)/.exec(text)?.[1] ?? [])
  const newest = await names()
  expect(newest).toHaveLength(50)
  await page.getByRole('link', { name: 'Earlier changes' }).click()
  await page.waitForURL(/before=/)
  await expect.poll(names).toHaveLength(10)
  const all = [...newest, ...(await names())]
  expect(all).toEqual(Array.from({ length: 60 }, (_, at) => `n${59 - at}`))
  expect(await page.getByRole('link', { name: 'Earlier changes' }).count()).toBe(0)
})

test('a token is made, shown once, and revoked', async () => {
  const page = await (await site.visitor()).newPage()
  await page.goto('/access')
  expect(await earlyControls(site, '/access')).toEqual([])
  const tokens = page.getByRole('region', { name: 'Tokens of programs' })
  await tokens.getByLabel('Name of a new token').fill('nightly')
  await tokens.getByLabel('Scope').selectOption('write')
  await tokens.getByRole('button', { name: 'Make token' }).click()
  await tokens.getByText('It is not shown again.').waitFor()
  const secret = await tokens.locator('code', { hasText: /^bestmark_/ }).innerText()
  const headers = { authorization: `Bearer ${secret}` }
  const status = async () => (await fetch(`${site.url}/api/v1/jobs`, { headers })).status
  expect(await status()).toBe(200)
  for (const screen of [
    [320, 'light'],
    [320, 'dark'],
    [1280, 'dark'],
    [1280, 'light'],
  ] as const) {
    await showOn(page, screen)
    const found = await misfitsOf(page)
    expect([screen, found]).toEqual([screen, { sideways: 0, cut: [], overlapping: [] }])
    await keepPicture(page, `access-token-${screen.join('-')}`)
  }
  expect(await violationsOf(page)).toEqual([])
  await page.reload()
  await tokens.getByText('nightly · write').waitFor()
  expect(await page.content()).not.toContain(secret)
  await tokens.getByRole('button', { name: 'Revoke nightly' }).click()
  await tokens.getByRole('button', { name: 'Revoke nightly' }).waitFor({ state: 'detached' })
  expect(await status()).toBe(401)
})

test('a token that only sends the runs of one project is made, and sends them', async () => {
  const page = await (await site.visitor()).newPage()
  await page.goto('/access')
  const tokens = page.getByRole('region', { name: 'Tokens of programs' })
  await tokens.getByLabel('Name of a new token').fill('cluster')
  await tokens.getByLabel('Scope').selectOption('ingest')
  await tokens.getByLabel('Name of the project').fill('asr')
  for (const screen of [
    [320, 'light'],
    [1280, 'dark'],
  ] as const) {
    await showOn(page, screen)
    const found = await misfitsOf(page)
    expect([screen, found]).toEqual([screen, { sideways: 0, cut: [], overlapping: [] }])
    await keepPicture(page, `access-ingest-${screen.join('-')}`)
  }
  expect(await violationsOf(page)).toEqual([])
  await tokens.getByRole('button', { name: 'Make token' }).click()
  const secret = await tokens.locator('code', { hasText: /^bestmark_/ }).innerText()
  await tokens.getByText('cluster · ingest of project asr').waitFor()
  const headers = { authorization: `Bearer ${secret}` }
  const status = async (path: string) => (await fetch(`${site.url}${path}`, { headers })).status
  expect(await status(`/ingest/v1/jobs/${randomUUID()}/journal`)).toBe(200)
  expect(await status('/api/v1/jobs')).toBe(403)
})
