import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { bestmark, boardEnv, startBoard, temporaryFolder } from './board.ts'
import { launchBrowser } from './browser.ts'

test('a report is one file that shows what the page shows without a network, and sends no request', async () => {
  await using home = await temporaryFolder()
  const env = boardEnv(home.path)
  const trained = ['train', 'char-lm', '--preset', 'quick', '--name', 'moby & <co>']
  expect(await bestmark(trained, env)).toMatchObject({ code: 0 })
  await using board = await startBoard(env, ['--no-demo'])
  await using browser = await launchBrowser()
  const live = await browser.newPage()
  await live.goto(board.link)
  await live.getByRole('link', { name: 'moby & <co>' }).click()
  await live.getByRole('link', { name: 'Report' }).click()
  await live.getByText('The best is').waitFor()
  await digestIsShown(live)

  const { stdout, stderr, code } = await bestmark(['report', 'moby & <co>'], env)
  expect([code, stderr.includes('rror')]).toEqual([0, false])
  const file = join(home.path, 'report.html')
  await writeFile(file, stdout)

  const refused = await bestmark(['report', 'moby & <co>', '--out', join(file, 'below')], env)
  expect(refused).toMatchObject({ code: 2, stdout: '' })
  expect(refused.stderr.trimEnd().split('\n').at(-1)).toMatch(/^bestmark: Cannot write \S+below: /)

  const offline = await browser.newContext({ offline: true })
  const page = await offline.newPage()
  const [requested, printed]: [string[], string[]] = [[], []]
  page.on('request', (request) => requested.push(request.url()))
  page.on('console', (message) => printed.push(message.text()))
  const { href } = pathToFileURL(file)
  await page.goto(href)
  // The header has links to the files, and the footer the time.
  const shown = (on: typeof page) => on.locator('main > :not(header, footer)').allInnerTexts()
  expect(await shown(page)).toEqual(await shown(live))
  expect([requested, printed]).toEqual([[href], []])
  const chart = await page.locator('figure svg').first().boundingBox()
  expect(chart?.width).toBeGreaterThan(400)
  const size = async (on: typeof page) =>
    (await on.getByRole('heading', { level: 1 }).boundingBox())?.height
  expect(await size(page)).toBe(await size(live))
})

/** The agent of the board computes a checkpoint's digest after its training. */
async function digestIsShown(page: Page): Promise<void> {
  while ((await page.getByText('Its SHA-256 is').count()) === 0) await page.reload()
}
