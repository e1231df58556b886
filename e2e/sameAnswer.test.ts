import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createClient } from '@bestmark/api/client'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bestmark, boardEnv, type RunningBoard, startBoard, temporaryFolder } from './board.ts'
import { launchBrowser } from './browser.ts'

const opened = new AsyncDisposableStack()
let home: string
let env: NodeJS.ProcessEnv
let board: RunningBoard
let browser: Browser

/** A board with one run of the built-in recipe, which was trained to its end before. */
beforeAll(async () => {
  home = opened.use(await temporaryFolder()).path
  env = boardEnv(home)
  const trained = ['train', 'char-lm', '--preset', 'quick', '--name', 'moby']
  expect(await bestmark(trained, env)).toMatchObject({ code: 0 })
  board = opened.use(await startBoard(env, ['--no-demo']))
  browser = opened.use(await launchBrowser())
})
afterAll(() => opened.disposeAsync())

test('page, jobs.status, checkpoints.list, best, pick and report name the same checkpoint, which is not the last', async () => {
  const client = createClient(board)
  const { jobs } = await client.jobs.list.query({ search: 'moby' })
  const { job_id, output_dir, current_step } = jobs[0]!

  const status = await client.jobs.status.query({ job_id })
  const { checkpoints } = await client.checkpoints.list.query({ job_id })
  const best = await bestmark(['best', 'moby'], env)
  const picked = await bestmark(['pick', output_dir], env)

  const page = await browser.newPage()
  await page.goto(board.link)
  await page.getByRole('link', { name: 'moby' }).click()
  const table = page.getByRole('table', { name: 'Checkpoints' })
  const preselected = await table.getByRole('radio', { checked: true }).inputValue()
  const pathOnPage = await page.getByText(output_dir).first().textContent()
  await page.goto(new URL(`/jobs/${job_id}/report`, board.link).href)
  const report = await page.getByText('The best is').textContent()

  const answer = status.best_checkpoint_path
  expect(answer).toBe(`${output_dir}/checkpoint-${status.best_step}`)
  expect(status.best_step).toBeLessThan(current_step ?? 0)
  const names = {
    page: pathOnPage,
    'jobs.status': status.best_checkpoint_path,
    'checkpoints.list': checkpoints
      .filter(({ is_best }) => is_best)
      .map(({ absolute_path }) => absolute_path)
      .join(),
    best: best.stdout.trim(),
    pick: picked.stdout.split('\n')[0],
    report: report?.replace('The best is', '').trim(),
  }
  expect(new Set(Object.values(names))).toEqual(new Set([answer]))
  expect(preselected).toBe(status.best_checkpoint_id)
})

test('the page orders the best and the agent ships it; the files under current have the same bytes', async () => {
  const { jobs } = await createClient(board).jobs.list.query({})
  const { best_checkpoint_path, best_step } = jobs[0]!

  const page = await browser.newPage()
  await page.goto(board.link)
  await page.getByRole('link', { name: 'moby' }).click()
  await page.getByRole('button', { name: 'Deploy this checkpoint' }).click()
  const dialog = page.getByRole('dialog', { name: 'Deploy' })
  await dialog.getByLabel('model name').fill('whale')
  await dialog.getByLabel('your name').fill('ana')
  await dialog.getByRole('button', { name: `Ship step ${best_step} to models/whale` }).click()
  const shipped = join(home, 'models', 'whale')
  await dialog.getByText(shipped).waitFor()

  const weights = (folder: string) => readFile(join(folder, 'model.safetensors'))
  expect(await weights(join(shipped, 'current'))).toEqual(await weights(best_checkpoint_path ?? ''))
})
