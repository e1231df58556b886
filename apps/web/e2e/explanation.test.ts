import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { checkpoint, ended, evaluation, metrics, Run } from './runs.ts'
import { goLive, openSite, type Site } from './site.ts'

let site: Site
let run: Run

const FILE = 'trainer_state.json'

/**
 * A run with every kind of note: near ties, a best without a checkpoint, a trainer that points to
 * another one, missing files, and a checkpoint without an evaluation.
 */
beforeAll(async () => {
  site = await openSite()
  run = await new Run(site.db, 'golden').begin({ save_steps: 100 }, 'examples')
  const curve = [
    [100, 3.1, 0.5, 4],
    [200, 2.5, 0.61, 2.2],
    [300, 2.391, 0.66, 1.8],
    [400, 2.389, 0.65, 1.5],
    [500, 2.38, 0.67, 1.3],
    [600, 2.6, 0.7, 1.1],
    [700, 2.5, 0.69, 1],
  ] as const
  for (const [index, [step, eval_loss, eval_f1, loss]] of curve.entries()) {
    const line = 10 * (index + 1)
    await run.record(metrics(step, loss), {
      ...evaluation(step, eval_loss, { eval_loss_stderr: 0.004, eval_f1 }),
      origin: { file: FILE, line },
      lines: { eval_loss: line + 2, eval_f1: line + 4 },
    })
    if (step !== 500) await run.record(checkpoint(step))
  }
  await run.record(
    checkpoint(800),
    { ...checkpoint(700), type: 'files', files_state: 'missing', files_why: 'deleted' },
    {
      ...{ type: 'claim', attempt: 0, at: null, path: 'checkpoint-300', step: 300 },
      ...{ metric: 'eval_loss', value: 2.391, origin: { file: FILE, line: 3 } },
    },
    ended('completed'),
  )
})
afterAll(() => site[Symbol.asyncDispose]())

/** The visible text of some regions of a page. */
async function textOf(page: Page, regions: readonly string[]): Promise<string> {
  const texts = regions.map((name) => page.getByRole('region', { name, exact: true }).innerText())
  const lines = (await Promise.all(texts)).join('\n\n').split('\n')
  return `${lines.map((line) => line.replace(/[\t ]+/g, ' ').trim()).join('\n')}\n`
}

test('the page shows the whole explanation', async () => {
  const page = await (await site.visitor()).newPage()
  await goLive(page, `/jobs/${run.job_id}`)
  await page.getByText('Readings').click()
  const text = await textOf(page, ['Best checkpoint', 'Readings', 'Checkpoints'])
  await expect(text).toMatchFileSnapshot('golden/page.txt')
})

test('the report shows the same explanation, with the origin of each number', async () => {
  const page = await (await site.visitor()).newPage()
  await page.goto(`/jobs/${run.job_id}/report`)
  const regions = ['The verdict', 'The choice', 'What other metrics would choose', 'Readings']
  const text = await textOf(page, regions)
  await expect(text).toMatchFileSnapshot('golden/report.txt')
})
