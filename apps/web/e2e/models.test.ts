import {
  advanceDeployment,
  answerPrompt,
  claimDeployment,
  createDeployment,
  listCheckpoints,
  listDeployments,
  openPrompt,
  publishTargets,
  recordHostAlive,
} from '@bestmark/db'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { violationsOf } from './axe.ts'
import { earlyControls } from './early.ts'
import { HOST, Run } from './runs.ts'
import { goLive, openSite, type Site } from './site.ts'

let site: Site
beforeAll(async () => {
  site = await openSite()
}, 120_000)
afterAll(() => site[Symbol.asyncDispose]())

/** Ends the newest order as its agent would. */
async function endNewest(model_name: string): Promise<void> {
  const [order] = await listDeployments(site.db, { model_name })
  const { job_id, deployment_id } = order!
  const end = { status: 'done', absolute_path: `/models/${deployment_id}` } as const
  await advanceDeployment(site.db, { job_id, deployment_id, ...end, bytes_done: 1, bytes_total: 1 })
}

test('ship, see a better one, ship that, and roll back', async () => {
  const page = await (await site.visitor()).newPage()
  await page.goto('/models')
  await page.getByText('Nothing was shipped yet.').waitFor()
  const first = await new Run(site.db, 'moby-1').begin()
  await first.train([3, 2.5])
  await goLive(page, `/jobs/${first.job_id}`)
  await page.getByRole('button', { name: 'Deploy this checkpoint' }).click()
  const dialog = page.getByRole('dialog', { name: 'Deploy' })
  await dialog.getByLabel('your name').fill('ana')
  await dialog.getByRole('button', { name: 'Ship step 200 to models/moby-1' }).click()
  await dialog.getByText('waiting for the agent').waitFor()
  await endNewest('moby-1')
  const second = await new Run(site.db, 'moby-2').begin()
  await second.train([3, 2.25])
  await page.goto('/models')
  const model = page.getByRole('region', { name: 'model moby-1' })
  await model.getByText('step 200 of moby-1, eval_loss 2.500', { exact: true }).waitFor()
  await model.getByText(/^A better one exists: step 200 of moby-2, 0\.2500 lower\./).waitFor()
  await model.getByRole('button', { name: 'Deploy step 200 of moby-2' }).click()
  await dialog.getByRole('button', { name: 'Ship step 200 to models/moby-1' }).click()
  await dialog.getByText('waiting for the agent').waitFor()
  await endNewest('moby-1')
  await page.goto('/models')
  await model.getByText('step 200 of moby-2, eval_loss 2.250', { exact: true }).waitFor()
  expect(await model.getByText(/A better one exists/).count()).toBe(0)
  await model.getByRole('button', { name: /^Check the files/ }).click()
  await model.getByText('The agent on the host compares the files…').waitFor()
  await model.getByRole('button', { name: /^Roll back moby-1 to step 200 of moby-1/ }).click()
  const back = page.getByRole('dialog', { name: 'Roll back' })
  await back.getByLabel('why').fill('shorter answers')
  await back.getByRole('button', { name: 'Roll back' }).click()
  await back.waitFor({ state: 'hidden' })
  await endNewest('moby-1')
  await page.goto('/models')
  await model.getByText('step 200 of moby-1, eval_loss 2.500', { exact: true }).waitFor()
  await model.getByText('Reason given: shorter answers').waitFor()
  const ledger = await listDeployments(site.db, { model_name: 'moby-1' })
  expect(ledger.map(({ job_name, by }) => [job_name, by])).toEqual([
    ['moby-1', 'ana'],
    ['moby-2', 'ana'],
    ['moby-1', 'ana'],
  ])
  expect(ledger[0]?.rolls_back_to).toBe(ledger[2]?.deployment_id)
})

test('the ledger is downloaded with every entry', async () => {
  const run = await new Run(site.db, 'exported').begin()
  await run.train([1])
  expect(await listCheckpoints(site.db, run.job_id)).toHaveLength(1)
  const { request } = await site.visitor()
  const csv = await (await request.get('/models/download?format=csv')).text()
  expect(csv.trim().split('\n')).toHaveLength(4)
  expect(csv).toContain('shorter answers')
  const json: unknown = JSON.parse(await (await request.get('/models/download?format=json')).text())
  expect(json).toMatchObject([{ model_name: 'moby-1', live: [{ entry: { by: 'ana' } }] }])
  expect((await request.get('/models/download')).status()).toBe(400)
})

test('a model in a playground goes on with a text, beside the last checkpoint', async () => {
  const { host_id } = HOST
  await publishTargets(site.db, host_id, [
    { name: 'talk', kind: 'playground', place: 'the pages', conditions: null },
  ])
  const run = await new Run(site.db, 'talker').begin()
  await run.train([1, 2])
  const [best] = (await listCheckpoints(site.db, run.job_id)).filter(({ is_best }) => is_best)
  const what = { job_id: run.job_id, model_name: 'talker', target: 'talk' }
  await createDeployment(site.db, { ...what, checkpoint_id: best!.checkpoint_id })
  await endNewest('talker')
  const page = await (await site.visitor()).newPage()
  await page.goto('/models')
  const model = page.getByRole('region', { name: 'model talker' })
  const text = model.getByLabel('a text for talker to go on with')
  expect(await earlyControls(site, '/models')).toEqual([])
  await text.fill('Call me ')
  await model.getByRole('button', { name: 'Write on' }).click()
  await model.getByText('The models write…').waitFor()
  const open = await openPrompt(site.db, host_id)
  expect(open).toMatchObject({ prompt: 'Call me ', last: { step: 200 } })
  const written = { shipped: '<b>Ishmael', last: 'a whale', last_step: 200, error: null }
  await answerPrompt(site.db, open!, { state: 'answered', ...written })
  await model.getByText('Call me <b>Ishmael').waitFor()
  await model.getByText('Call me a whale').waitFor()
  await model.getByText('shipped: step 100').waitFor()
  await model.getByText('last: step 200').waitFor()
  expect(await violationsOf(page)).toEqual([])
  expect(await text.inputValue()).toBe('Call me ')
})

test('an order that needs an approval waits until another person approves it on the page Models', async () => {
  const { host_id } = HOST
  await recordHostAlive(site.db, { host_id, hostname: HOST.host })
  await publishTargets(site.db, host_id, [
    { name: 'prod', kind: 'folder', place: '/srv', conditions: { approved: true } },
  ])
  const run = await new Run(site.db, 'guarded').begin()
  await run.train([3, 2])
  const page = await (await site.visitor()).newPage()
  await goLive(page, `/jobs/${run.job_id}`)
  await page.getByRole('button', { name: 'Deploy this checkpoint' }).click()
  const dialog = page.getByRole('dialog', { name: 'Deploy' })
  await dialog.getByLabel('target on').selectOption('prod')
  await dialog.getByText('A second person must approve it').waitFor()
  await dialog.getByLabel('your name').fill('ana')
  await dialog.getByRole('button', { name: 'Ship step 200 to prod/guarded' }).click()
  await dialog.getByText('waits for the approval of a second person').waitFor()
  expect(await claimDeployment(site.db, host_id)).toBeUndefined()
  await page.goto('/models')
  const model = page.getByRole('region', { name: 'model guarded' })
  await model.getByText(/^Shipping step 200 of guarded.* waits for the approval/).waitFor()
  expect(await violationsOf(page)).toEqual([])
  expect(await earlyControls(site, '/models')).toEqual([])
  const approve = model.getByRole('button', { name: 'Approve guarded' })
  await approve.click()
  await page.getByText('The person who ordered a shipment cannot approve it.').waitFor()
  expect(await claimDeployment(site.db, host_id)).toBeUndefined()
  await model.getByLabel('your name').fill('max')
  await approve.press('Enter')
  await approve.waitFor({ state: 'detached' })
  await model.getByText('History, newest first').click()
  await model.getByText('approved by max').waitFor()
  expect(await claimDeployment(site.db, host_id)).toMatchObject({ by: 'ana', approved_by: 'max' })
})

test('an order that waits is withdrawn on the page Models, and its entry stays', async () => {
  const run = await new Run(site.db, 'unwanted').begin()
  await run.train([3, 2])
  const [best] = (await listCheckpoints(site.db, run.job_id)).filter(({ is_best }) => is_best)
  const what = { job_id: run.job_id, checkpoint_id: best!.checkpoint_id, by: 'ana' }
  await createDeployment(site.db, { ...what, model_name: 'unwanted', target: 'prod' })
  const page = await (await site.visitor()).newPage()
  await page.goto('/models')
  const model = page.getByRole('region', { name: 'model unwanted' })
  await model
    .getByRole('button', { name: /^Withdraw step 200 of unwanted/ })
    .first()
    .click()
  await model.getByRole('button', { name: /^Withdraw/ }).waitFor({ state: 'detached' })
  await model.getByText('History, newest first').click()
  await model.getByText(/^Shipped step 200 of unwanted.*: withdrawn/).waitFor()
  const [entry] = await listDeployments(site.db, { job_id: run.job_id })
  expect(entry).toMatchObject({ status: 'withdrawn', by: 'ana', approved_by: null })
})
