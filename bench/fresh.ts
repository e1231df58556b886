import { execFile, spawn } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { boardEnv, linkFrom, ROOT, temporaryFolder } from '../e2e/board.ts'
import { launchBrowser } from '../e2e/browser.ts'
import { printLine } from './figures.ts'

const call = promisify(execFile)

/** Seconds from the README's first command in a fresh clone to a page whose curve grows. */
export async function run(): Promise<void> {
  await using folder = await temporaryFolder()
  const clone = join(folder.path, 'bestmark')
  await call('git', ['clone', '--quiet', ROOT, clone])
  await using browser = await launchBrowser()
  const page = await browser.newPage()
  const env = asFromAShell(boardEnv(join(clone, '.bestmark')))
  const since = performance.now()
  const seconds = (): string => `${((performance.now() - since) / 1000).toFixed(1)} s`
  const child = spawn('npx', ['-y', 'pnpm@12', 'start'], { cwd: clone, env, detached: true })
  const { link } = await linkFrom(child)
  printLine(`  ${seconds()} to the link`)
  await page.goto(link)
  await page.getByRole('link', { name: 'moby-char-lm' }).click()
  await page
    .getByText(/step [1-9]\d* of 1,100/)
    .first()
    .waitFor()
  printLine(`  ${seconds()} to live points on the page`)
  const ended = new Promise((resolve) => child.once('exit', resolve))
  if (child.pid) process.kill(-child.pid, 'SIGINT')
  await ended
}

/** Drops pnpm's variables, because with them the clone's own pnpm would not install. */
function asFromAShell(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const ours = /^(npm_|pnpm_|BESTMARK_HOME$)/i
  return Object.fromEntries(Object.entries(env).filter(([name]) => !ours.test(name)))
}
