import { readdir } from 'node:fs/promises'
import { invite, listAudit, listPeople, setupSecret } from '@bestmark/db'
import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { violationsOf } from './axe.ts'
import { keepPicture } from './kept.ts'
import { unreached } from './keyboard.ts'
import { misfitsOf } from './layout.ts'
import { ACCOUNT_PAGES } from './oddJobs.ts'
import { OPEN, PASSWORD } from './people.ts'
import { checkpoint, evaluation, Run } from './runs.ts'
import { isLive, openOwnSite, type OwnSite, showOn, WIDTHS } from './site.ts'

let site: OwnSite
let run: Run
beforeAll(async () => {
  site = await openOwnSite(undefined, OPEN)
  run = await new Run(site.db, 'moby').begin()
  for (const [index, loss] of [3, 2.2, 2.6].entries()) {
    const step = 100 * (index + 1)
    await run.record(evaluation(step, loss), checkpoint(step))
  }
})
afterAll(() => site[Symbol.asyncDispose]())

async function browser(): Promise<BrowserContext> {
  const context = await site.browser.newContext({ baseURL: site.url })
  onTestFinished(() => context.close())
  return context
}

async function signIn(page: Page, email: string, password = PASSWORD): Promise<void> {
  await page.getByLabel('E-mail').fill(email)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
}

/** The pages that were looked at. */
const looked = new Set<string>()

/** Looks at a page on all screens, and checks its places, names, contrasts and keys. */
async function look(page: Page, name: string): Promise<void> {
  looked.add(new URL(page.url()).pathname)
  for (const scheme of ['light', 'dark'] as const) {
    for (const width of scheme === 'light' ? WIDTHS : [320, 1280]) {
      await showOn(page, [width, scheme])
      const found = await misfitsOf(page)
      expect([name, width, found]).toEqual([name, width, { sideways: 0, cut: [], overlapping: [] }])
      if ([320, 1280].includes(width)) await keepPicture(page, `${name}-${width}-${scheme}`)
    }
    expect([name, await violationsOf(page)]).toEqual([name, []])
  }
  expect([name, await unreached(page)]).toEqual([name, { unseen: [], missing: [] }])
}

test('the first visitor with the setup link becomes the admin; the link then opens nothing', async () => {
  const context = await browser()
  const page = await context.newPage()
  await page.goto('/jobs?x=1')
  expect(page.url()).toBe(`${site.url}/sign-in?to=%2Fjobs%3Fx%3D1`)
  await page.getByText('This board has no account yet.').waitFor()
  await look(page, 'sign-in')

  const secret = await setupSecret(site.db, site.home)
  const asked: string[] = []
  page.on('request', (request) => asked.push(request.url(), request.headers()['referer'] ?? ''))
  await page.goto(`/join?token=${secret}`)
  expect(page.url()).toBe(`${site.url}/join`)
  await look(page, 'join')
  await page.getByLabel('E-mail').fill('Ana@Lab.org')
  await page.getByLabel('Name').fill('Ana')
  await page.getByLabel('Password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Make the account' }).click()
  await page.getByRole('link', { name: 'moby' }).first().waitFor()
  await page.getByRole('link', { name: 'Ana' }).waitFor()
  // The secret was in one address only: that of the link.
  expect(asked.filter((text) => text.includes(secret ?? '-'))).toEqual([
    `${site.url}/join?token=${secret}`,
  ])
  expect(await readdir(site.home)).not.toContain('setup_token')
  const cookies = await context.cookies()
  expect(cookies.map(({ httpOnly, sameSite }) => [httpOnly, sameSite])).toEqual([[true, 'Lax']])

  const other = await (await browser()).newPage()
  await other.goto(`/join?token=${secret}`)
  await other.getByText('This link opens nothing').waitFor()
  await look(other, 'join-ended')
  expect(await listPeople(site.db)).toMatchObject([{ email: 'ana@lab.org', role: 'admin' }])
})

test('a wrong password and an unknown address get one answer, and the right one the page that was asked for', async () => {
  const page = await (await browser()).newPage()
  await page.goto(`/jobs/${run.job_id}`)
  const answers: string[] = []
  for (const email of ['ana@lab.org', 'who@lab.org']) {
    await signIn(page, email, 'not the password')
    await page.getByRole('alert').waitFor()
    answers.push((await page.locator('main').innerText()).trim())
    expect(await page.getByLabel('E-mail').inputValue()).toBe(email)
    expect(await page.getByLabel('Password').inputValue()).toBe('')
  }
  expect(answers[0]).toContain('The e-mail address or the password is wrong.')
  expect(answers[1]).toBe(answers[0])
  await look(page, 'sign-in-wrong')
  await signIn(page, 'ana@lab.org')
  await page.waitForURL(`${site.url}/jobs/${run.job_id}`)
})

test('an address of another site is not opened after the sign-in', async () => {
  const page = await (await browser()).newPage()
  for (const to of ['//evil.org', 'https://evil.org', '/\\evil.org', '/\n/evil.org']) {
    await page.goto(`/sign-in?to=${encodeURIComponent(to)}`)
    await signIn(page, 'ana@lab.org')
    await page.getByRole('link', { name: 'Ana' }).waitFor()
    expect(new URL(page.url()).origin).toBe(site.url)
    await page.goto('/account')
    await page.getByRole('button', { name: 'Sign out here' }).click()
    await page.getByLabel('Password').waitFor()
  }
})

test('a person decides under the name of the account, and cannot enter another', async () => {
  const page = await (await browser()).newPage()
  await page.goto(`/sign-in?to=/jobs/${run.job_id}`)
  await signIn(page, 'ana@lab.org')
  await isLive(page)
  await page.getByRole('button', { name: 'Deploy this checkpoint' }).click()
  const name = page.getByLabel('your name')
  expect([await name.inputValue(), await name.getAttribute('readonly')]).toEqual(['Ana', ''])
  await page.getByRole('button', { name: /^Ship step 200/ }).click()
  await page.getByRole('button', { name: 'Close' }).waitFor()
  const [row] = await site.db.sql`select by from deployments`
  expect(row?.['by']).toBe('Ana')
})

test('a person changes the password, and signs out in all browsers', async () => {
  const [one, two] = [await (await browser()).newPage(), await (await browser()).newPage()]
  for (const page of [one, two]) {
    await page.goto('/sign-in?to=/account')
    await signIn(page, 'ana@lab.org')
    await page.getByRole('heading', { name: 'Your account' }).waitFor()
  }
  await look(one, 'account')
  await one.getByLabel('Present password').fill('wrong')
  await one.getByLabel('New password').fill('a new long password')
  await one.getByRole('button', { name: 'Change the password' }).click()
  await one.getByText('The present password is wrong.').waitFor()
  await one.getByLabel('Present password').fill(PASSWORD)
  await one.getByLabel('New password').fill('a new long password')
  await one.getByRole('button', { name: 'Change the password' }).click()
  await one.getByText('The password is changed.').waitFor()
  await one.getByRole('button', { name: 'Sign out in all browsers' }).click()
  await one.getByLabel('Password').waitFor()
  await two.goto('/')
  await two.getByLabel('Password').waitFor()
  await signIn(two, 'ana@lab.org', 'a new long password')
  await two.getByRole('link', { name: 'Ana' }).waitFor()
})

test('an admin invites a person, gives another role, makes a link to a password, and removes the person', async () => {
  const page = await (await browser()).newPage()
  await page.goto('/sign-in?to=/access')
  await signIn(page, 'ana@lab.org', 'a new long password')
  await page.getByLabel('E-mail of a new person').fill('ben@lab.org')
  const invitation = page.locator('form', { has: page.getByLabel('E-mail of a new person') })
  await invitation.getByRole('combobox').selectOption('viewer')
  await page.getByRole('button', { name: 'Invite' }).click()
  await page.getByText('Give this link to ben@lab.org.').waitFor()
  await page.getByText('ben@lab.org · viewer').waitFor()
  await look(page, 'access-people')
  const link = await page.locator('code', { hasText: '/join?token=' }).innerText()

  const guest = await (await browser()).newPage()
  await guest.goto(link)
  expect(await guest.getByLabel('E-mail').getAttribute('readonly')).toBe('')
  await guest.getByLabel('Name').fill('Ben')
  await guest.getByLabel('Password').fill(PASSWORD)
  await guest.getByRole('button', { name: 'Make the account' }).click()
  await guest.getByRole('link', { name: 'Ben' }).waitFor()
  // A viewer sees the board, and changes nothing.
  await guest.goto(`/jobs/${run.job_id}`)
  await isLive(guest)
  expect(await guest.getByRole('button', { name: /^(Stop|Edit|Deploy)/ }).count()).toBe(0)

  await page.reload()
  await page.getByLabel('Role of Ben').selectOption('member')
  await page.getByText('Ben has the role member now.').waitFor()
  await page.getByRole('button', { name: 'New password for Ben' }).click()
  await page.getByText('It changes the password').waitFor()
  const reset = await page.locator('code', { hasText: '/join?token=' }).innerText()
  await guest.goto(reset)
  await guest.getByLabel('Password').fill('yet another password')
  await guest.getByRole('button', { name: 'Change the password' }).click()
  await guest.getByRole('link', { name: 'Ben' }).waitFor()

  await page.reload()
  await page.getByRole('button', { name: 'Remove… Ben' }).click()
  await page.getByRole('button', { name: 'Remove Ben', exact: true }).click()
  await page.getByText('Ben has no access any more.').waitFor()
  await guest.goto('/')
  await guest.getByLabel('Password').waitFor()
  await page.getByLabel('Role of Ana').selectOption('viewer')
  await page.getByText('Ana is the last admin.').waitFor()
  expect(await page.getByLabel('Role of Ana').inputValue()).toBe('admin')
  await page.reload()
  await page.locator('li', { hasText: 'people.remove' }).first().getByText('Ana').waitFor()
  expect(await page.locator('body').innerText()).not.toContain(new URL(link).search)
})

test('a hostile name is plain text on the pages of accounts', async () => {
  const secret = await invite(site.db, { email: 'eve@lab.org', role: 'viewer' })
  const page = await (await browser()).newPage()
  page.on('dialog', () => expect.fail('a script of a name ran'))
  await page.goto(`/join?token=${secret}`)
  await page.getByLabel('Name').fill('<img src=x onerror=alert(1)>\u202eevil')
  await page.getByLabel('Password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Make the account' }).click()
  await page.getByRole('link', { name: /^<img/ }).click()
  await page.getByRole('heading', { name: 'Your account' }).waitFor()
  expect(await page.locator('body').innerText()).not.toContain('\u202e')
  await look(page, 'account-hostile')
  await page.goto('/access')
  await page.getByText('needs the role admin').waitFor()
})

test('nothing that was entered is in the output of the server or in the audit', async () => {
  expect(site.printed()).toBe('')
  const text = JSON.stringify(await listAudit(site.db, { limit: 200 }))
  for (const secret of [PASSWORD, 'a new long password', 'not the password']) {
    expect(text).not.toContain(secret)
  }
})

test('each page of accounts was looked at', () => {
  expect([...looked]).toEqual(expect.arrayContaining([...ACCOUNT_PAGES]))
})
