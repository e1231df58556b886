import { advanceDeployment, listDeployments, publishTargets, recordHostAlive } from '@bestmark/db'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { checkpoint, evaluation, HOST, Run } from './runs.ts'
import { violationsOf } from './axe.ts'
import { goLive, openSite, type Site } from './site.ts'

const SERVING = { is_named_for_transformers: true, task: null, shards: null }

let site: Site
let run: Run

/** A host with two targets, and a run whose best checkpoint has no tokenizer. */
beforeAll(async () => {
  site = await openSite()
  await recordHostAlive(site.db, { host_id: HOST.host_id, hostname: HOST.host })
  await publishTargets(site.db, HOST.host_id, [
    { name: 'folder', kind: 'folder', place: 'models', conditions: null },
    { name: 'hub', kind: 'command', place: 'hf', conditions: null },
    {
      ...{ name: 'prod', kind: 'folder', place: '/srv' },
      conditions: { value: { metric: 'eval_loss', bound: 2.2 } },
    },
  ])
  run = await new Run(site.db, 'moby').begin()
  for (const [at, loss] of [2.5, 2.4, 2.1].entries()) {
    const step = 100 * (at + 1)
    const tokenizer = step === 300 ? [] : ['tokenizer.json']
    const serving = { ...SERVING, bytes: 400_000, has: ['config.json', ...tokenizer] }
    await run.record(evaluation(step, loss), { ...checkpoint(step), kind: 'full', serving })
  }
})
afterAll(() => site[Symbol.asyncDispose]())

const dialogOn = (page: Page) => page.getByRole('dialog', { name: 'Deploy' })

async function advance(status: 'copying' | 'done', bytes_done: number): Promise<void> {
  const [order] = await listDeployments(site.db, { job_id: run.job_id })
  const { job_id, deployment_id } = order!
  const report = { status, bytes_done, bytes_total: 400_000 }
  await advanceDeployment(site.db, { job_id, deployment_id, ...report })
}

test('the list opens the dialog; it ships to a chosen target with the missing files, and shows the bytes', async () => {
  const page = await (await site.visitor()).newPage()
  await goLive(page, '/')
  await page.getByRole('checkbox', { name: 'select moby' }).check()
  const opener = page.getByRole('button', { name: 'Deploy step 300' })
  await opener.press('Enter')
  const dialog = dialogOn(page)
  await dialog.getByText('Nothing has been shipped to models/moby yet.').waitFor()
  await dialog.getByText('It has no tokenizer.json, but every other checkpoint').waitFor()
  await dialog.getByLabel('what serving needs 400 kB').waitFor()
  await dialog.getByLabel('target on tower').selectOption('hub (command hf)')
  await dialog.getByText('runs hf of target hub, then makes it current').waitFor()
  await dialog.getByLabel('add missing files from').selectOption('checkpoint-100: tokenizer.json')
  expect(await violationsOf(page)).toEqual([])
  await dialog.getByLabel('your name').fill('ana')
  await dialog.getByRole('button', { name: 'Ship step 300 to hub/moby' }).click()
  await dialog.getByText('waiting for the agent').waitFor()
  const [order] = await listDeployments(site.db, { job_id: run.job_id })
  const expected = {
    target: 'hub',
    contents: 'serving',
    files_from: 'checkpoint-100',
    is_best: true,
  }
  expect(order).toMatchObject(expected)
  await advance('copying', 100_000)
  await dialog.getByText('copying, 100 kB of 400 kB').waitFor()
  const bar = dialog.getByRole('progressbar', { name: 'bytes copied of step 300' })
  expect(await bar.getAttribute('aria-valuenow')).toBe('25')
  await advance('done', 400_000)
  await dialog.getByText('step 300 to hub/moby: shipped').waitFor()
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'hidden' })
  expect(await page.evaluate(() => document.activeElement?.textContent?.trim())).toBe(
    'Deploy step 300',
  )
})

test('the last used target is preselected, with what is live there, and the whole folder can be shipped', async () => {
  const context = await site.visitor()
  await context.addInitScript(() => localStorage.setItem('bestmark_target', 'hub'))
  const page = await context.newPage()
  await goLive(page, `/jobs/${run.job_id}`)
  await page.getByRole('button', { name: 'Deploy this checkpoint' }).click()
  const dialog = dialogOn(page)
  await dialog.getByText('Live there now: step 300 of moby, shipped').waitFor()
  expect(await dialog.getByLabel('target on tower').inputValue()).toBe('hub')
  await dialog.getByRole('radio', { name: /^step 200/ }).check()
  await dialog.getByText('It has no tokenizer.json').waitFor({ state: 'detached' })
  await dialog.getByRole('radio', { name: 'the whole folder 1.4 MB' }).check()
  await dialog.getByLabel('your name').fill('ana')
  await dialog.getByLabel('why step 200, and not the best, step 300').fill('shorter answers')
  await dialog.getByLabel('target on tower').selectOption('folder (models)')
  await dialog.getByText('Nothing has been shipped to models/moby yet.').waitFor()
  await dialog.getByRole('button', { name: 'Ship step 200 to models/moby' }).click()
  await dialog.getByText('waiting for the agent').waitFor()
  const [order] = await listDeployments(site.db, { job_id: run.job_id })
  const expected = { target: 'folder', contents: 'whole', files_from: null, is_best: false }
  expect(order).toMatchObject({ ...expected, why: 'shorter answers' })
})

test('a checkpoint that a target does not take is told before it is shipped, with what would pass', async () => {
  const page = await (await site.visitor()).newPage()
  await goLive(page, `/jobs/${run.job_id}`)
  await page.getByRole('button', { name: 'Deploy this checkpoint' }).click()
  const dialog = dialogOn(page)
  await dialog.getByLabel('target on tower').selectOption('prod (/srv)')
  await dialog.getByRole('radio', { name: /^step 200/ }).check()
  await dialog.getByText('eval_loss must be at most 2.2; this checkpoint has 2.4').waitFor()
  expect(await violationsOf(page)).toEqual([])
  const before = await listDeployments(site.db, { job_id: run.job_id })
  await dialog.getByLabel('your name').fill('ana')
  await dialog.getByLabel('why step 200, and not the best, step 300').fill('shorter answers')
  await dialog.getByRole('button', { name: 'Ship step 200 to prod/moby' }).click()
  await dialog.getByText('Nothing is shipped to prod, because a condition does not hold.').waitFor()
  expect(await listDeployments(site.db, { job_id: run.job_id })).toEqual(before)
  await dialog.getByRole('radio', { name: /^step 300/ }).check()
  await dialog.getByText('eval_loss must be at most 2.2').waitFor({ state: 'detached' })
  await dialog.getByRole('button', { name: 'Ship step 300 to prod/moby' }).click()
  await dialog.getByText('waiting for the agent').waitFor()
})

test('a checkpoint in S3 can be shipped by any host, to a target of that host', async () => {
  const server = { host_id: crypto.randomUUID(), hostname: 'gpu-server' }
  await recordHostAlive(site.db, server)
  await publishTargets(site.db, server.host_id, [
    { name: 'folder', kind: 'folder', place: 'models', conditions: null },
    { name: 'serve', kind: 'command', place: 'vllm', conditions: null },
  ])
  const stored = await new Run(site.db, 'stored').begin()
  await stored.record(evaluation(100, 2), { ...checkpoint(100), path: 's3://bucket/run/a' })
  const page = await (await site.visitor()).newPage()
  await goLive(page, `/jobs/${stored.job_id}`)
  await page.getByRole('button', { name: 'Deploy this checkpoint' }).click()
  const dialog = dialogOn(page)
  await dialog.getByLabel('host that ships').selectOption('gpu-server')
  await dialog.getByLabel('target on gpu-server').selectOption('serve (command vllm)')
  expect(await violationsOf(page)).toEqual([])
  await dialog.getByLabel('your name').fill('ana')
  await dialog.getByRole('button', { name: 'Ship step 100 to serve/stored' }).click()
  await dialog.getByText('waiting for the agent').waitFor()
  const [order] = await listDeployments(site.db, { job_id: stored.job_id })
  expect(order).toMatchObject({ host_id: server.host_id, target: 'serve' })
})

test('a checkpoint on a disk is shipped by the host of its files alone', async () => {
  const page = await (await site.visitor()).newPage()
  await goLive(page, `/jobs/${run.job_id}`)
  await page.getByRole('button', { name: 'Deploy this checkpoint' }).click()
  await dialogOn(page).getByLabel('target on tower').waitFor()
  expect(await dialogOn(page).getByLabel('host that ships').count()).toBe(0)
})

test('on the narrowest phone the dialog does not scroll sideways', async () => {
  const context = await site.visitor({ viewport: { width: 320, height: 700 } })
  const page = await context.newPage()
  await goLive(page, `/jobs/${run.job_id}`)
  await page.getByRole('button', { name: 'Deploy this checkpoint' }).click()
  const dialog = dialogOn(page)
  await dialog.getByLabel('add missing files from').waitFor()
  const beside = await dialog.evaluate((element) => element.scrollWidth - element.clientWidth)
  expect(beside).toBe(0)
})
