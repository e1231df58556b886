import { alertDelivered, alertFailed, claimAlerts } from '@bestmark/db'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Run } from './runs.ts'
import { goLive, openSite, type Site } from './site.ts'

let site: Site
beforeAll(async () => {
  site = await openSite()
  await new Run(site.db, 'moby').begin()
})
afterAll(() => site[Symbol.asyncDispose]())

const SECRET = 'https://hooks.slack.com/services/T0/B0/verySecretPart'

test('a rule is made, tested, corrected and removed, and its secret is never shown', async () => {
  const page = await (await site.visitor({ viewport: { width: 390, height: 800 } })).newPage()
  await goLive(page, '/')
  await page.getByRole('link', { name: 'Alerts' }).click()
  await page.getByText('There are no rules yet').waitFor()
  await page.getByRole('button', { name: 'Add rule' }).click()
  await page.getByLabel(/Address of the webhook/).fill('ftp://x')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('dialog').getByRole('alert').getByText('begins with http://').waitFor()
  await page.getByLabel(/Address of the webhook/).fill(SECRET)
  await page.getByLabel('evaluations without improvement').fill('3')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('no improvement for 3 evaluations').waitFor()
  await page.getByText('hooks.slack.com/…').waitFor()

  await page.getByRole('button', { name: 'Send test' }).click()
  await page.getByText('sending to Slack').waitFor()
  const [claimed] = await claimAlerts(site.db)
  expect(claimed?.destination).toEqual({ type: 'slack', url: SECRET })
  if (claimed)
    await alertFailed(site.db, claimed, { code: 'http', status: 404, detail: 'no_service' })
  await page.getByText('The receiver answered 404 (no_service).').waitFor()
  await page.getByText('Slack again in').waitFor()

  await page.getByRole('button', { name: 'Edit' }).click()
  await page.getByRole('checkbox', { name: 'new best checkpoint' }).check()
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('new best checkpoint, no improvement').waitFor()
  const [again] = await claimAlerts(site.db)
  expect(again?.destination).toEqual({ type: 'slack', url: SECRET })
  if (again) await alertDelivered(site.db, again.alert_id)
  await page.getByText('sent to Slack').waitFor()
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0)
  expect(await page.content()).not.toContain('verySecretPart')

  await page.reload()
  await page.getByText('sent to Slack').waitFor()
  expect(await page.content()).not.toContain('verySecretPart')
  await goLive(page, '/')
  await page.getByRole('link', { name: 'Alerts' }).click()
  await page.getByRole('button', { name: 'Remove' }).click()
  await page.getByText('There are no rules yet').waitFor()
})

test('a browser shows desktop notifications only after somebody asked for them there', async () => {
  const visitor = await site.visitor()
  await visitor.grantPermissions(['notifications'])
  await visitor.addInitScript(() => {
    const shown: string[] = []
    class Shown {
      static permission = 'granted'
      static requestPermission = async () => 'granted'
      constructor(_title: string, { body }: { body: string }) {
        shown.push(body)
      }
    }
    Object.assign(window, { Notification: Shown, shown })
  })
  const page = await visitor.newPage()
  const shown = () => page.evaluate(() => (window as unknown as { shown: string[] }).shown)
  // A page answers to clicks once its script runs, so the way there is the list, which is live.
  await goLive(page, '/')
  await page.getByRole('link', { name: 'Alerts' }).click()
  await page.getByRole('button', { name: 'Add rule' }).click()
  await page.getByLabel('Send to').selectOption('desktop')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('button', { name: 'Send test' }).click()
  await page.getByText('sent to desktop notification').waitFor()
  const looked = page.waitForResponse((answer) => /alerts\.list.*desktop/.test(answer.url()))
  await page.getByRole('button', { name: 'Allow in this browser' }).click()
  await looked
  expect(await shown()).toEqual([])
  await page.getByRole('button', { name: 'Send test' }).click()
  await page.waitForFunction(
    () => (window as unknown as { shown: string[] }).shown.length > 0,
    undefined,
    { timeout: 60_000 },
  )
  expect(await shown()).toEqual([expect.stringContaining('test message')])
})
