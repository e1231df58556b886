import type { RecipeParameter } from '@bestmark/core'
import { randomUUID } from 'node:crypto'
import {
  advanceOrder,
  claimOrder,
  publishRecipes,
  recordHostAlive,
  registerJob,
} from '@bestmark/db'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { earlyControls } from './early.ts'
import { openSite, type Site } from './site.ts'

let site: Site
const host_id = randomUUID()
beforeAll(async () => {
  site = await openSite()
  await recordHostAlive(site.db, { host_id, hostname: 'gpu-1' })
  const lr = {
    type: 'number',
    minimum: 0,
    maximum: 1,
    default: 0.1,
    text: 'Learning rate',
  } as const
  const model: RecipeParameter = { type: 'choice', choices: ['small', 'large'], default: 'small' }
  const recipe = { name: 'tune', text: 'Tunes a model', parameters: { model, lr } }
  await publishRecipes(site.db, host_id, [{ ...recipe, can_resume: true, at_once: 1 }])
})
afterAll(() => site[Symbol.asyncDispose]())

test('a sweep is started from its form, cancelled in part, and a run is started again with changes', async () => {
  const page = await (await site.visitor()).newPage()
  await page.goto('/recipes')
  await page.getByText('Nobody has started a run').waitFor()
  const form = page.getByRole('region', { name: 'tune on gpu-1' })
  expect(await earlyControls(site, '/recipes')).toEqual([])
  expect(await form.locator('label').allInnerTexts()).toMatchObject([
    ...[/^Name/, /^Project/, /^model/, /^lr/].map((label) => expect.stringMatching(label)),
  ])
  await form.getByLabel('lr').fill('2')
  await form.getByText('lr must be between 0 and 1; got "2".').waitFor()
  expect(await form.getByRole('button', { name: 'Start run' }).isDisabled()).toBe(true)
  await form.getByLabel('lr').fill('0.1, 0.2')
  await form.getByLabel('Name').fill('moby')
  await form.getByLabel('Project').fill('whales')
  await form.getByRole('button', { name: 'Start 2 runs' }).click()
  const queue = page.getByRole('region', { name: 'Started from here' }).getByRole('listitem')
  await expect.poll(() => queue.count()).toBe(2)
  await page.getByRole('button', { name: 'Take moby-2 out of the queue' }).click()
  await expect.poll(() => queue.filter({ hasText: 'taken out of the queue' }).count()).toBe(1)

  const order = await claimOrder(site.db, host_id)
  if (!order) throw new Error('there is an order')
  expect(order).toMatchObject({ name: 'moby-1', parameters: { lr: 0.1, model: 'small' } })
  const { job_id, name, project } = order
  const run = { job_id, host_id, host: 'gpu-1', root: `/runs/${job_id}`, source: 'huggingface' }
  await registerJob(site.db, { ...run, name, project, status: 'failed' })
  await advanceOrder(site.db, order.order_id, { state: 'ended' })
  await page.getByRole('link', { name: 'moby-1' }).waitFor()

  await page.goto(`/jobs/${job_id}?tab=configuration`)
  await page.getByText('Started from the recipe tune.').waitFor()
  await page.getByRole('button', { name: 'Resume' }).click()
  await page.getByText('It is in the queue').waitFor()
  expect(await claimOrder(site.db, host_id)).toMatchObject({ job_id, resumes: { root: run.root } })
  await page.getByRole('link', { name: 'Start again with changes' }).click()
  const again = page.getByRole('region', { name: 'tune on gpu-1' })
  await expect.poll(() => again.getByLabel('Name').inputValue()).toBe('moby-1')
  expect(await again.getByLabel('lr').inputValue()).toBe('0.1')
})
