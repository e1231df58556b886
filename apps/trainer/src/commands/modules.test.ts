import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { temporaryFolder, writeOutput } from '../testing.ts'

const MAIN = fileURLToPath(new URL('../main.js', import.meta.url))

/** Prints the URL of each module that a process loads on a line of stderr. */
const PRINTS_MODULES = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module'
  const load = (url, context, next) => (process.stderr.write(url + '\\n'), next(url, context))
  registerHooks({ load })`)}`

function modulesOf(words: readonly string[]): string[] {
  const run = spawnSync(process.execPath, ['--import', PRINTS_MODULES, MAIN, ...words])
  expect(run.status).toBe(0)
  return run.stderr.toString().split('\n')
}

/** Packages that take long to load. */
const SLOW = /\/node_modules\/(drizzle-orm|postgres|yaml)\//

test('a command that needs no database loads none of its code', async () => {
  await using folder = await temporaryFolder()
  await writeOutput(folder.path, { saves: [1], log: [{ step: 1, eval_loss: 1 }] })
  for (const words of [['--help'], ['jobs', '--help'], ['pick', folder.path]]) {
    const modules = modulesOf(words)
    expect(modules).toContainEqual(expect.stringMatching(/bestmark\.ts$/))
    expect(modules).not.toContainEqual(expect.stringMatching(SLOW))
  }
})
