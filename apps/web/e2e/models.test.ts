import { advanceDeployment, listCheckpoints, listDeployments } from '@bestmark/db'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Run } from './runs.ts'
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
