import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { bestmark, temporaryFolder, writeOutput } from '../testing.ts'

/** Two runs on a board, and the command line beside them; `other` is a second board. */
async function twoRuns() {
  const home = await temporaryFolder()
  for (const name of ['one', 'two']) {
    const log = [1, 2].map((step) => ({ step, eval_loss: step }))
    await writeOutput(join(home.path, name), { saves: [1, 2], log })
  }
  const on = (board: string) => (words: readonly string[]) =>
    bestmark(words, { cwd: home.path, env: { BESTMARK_HOME: join(home.path, board) } })
  const run = on('board')
  expect(await run(['import', 'one', 'two'])).toMatchObject({ code: 0 })
  return { ...home, home: home.path, run, other: on('other') }
}

test('every job of a board is exported to a folder, and imported on another one', async () => {
  await using here = await twoRuns()
  const out = await here.run(['export', '--all', '--out', 'exported', '--json'])
  expect(out.code).toBe(0)
  const files = out.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).file as string)
  expect((await readdir(join(here.home, 'exported'))).sort()).toEqual(
    files.map((file) => file.split('/').at(-1)).sort(),
  )
  await rm(join(here.home, 'two'), { recursive: true })
  const imported = await here.other(['import', ...files])
  expect(imported.stdout).toContain(`one/checkpoint-1.`)
  expect(imported.stdout).toContain('nothing to choose from')
  expect((await here.other(['best', 'one'])).stdout).toBe(`${here.home}/one/checkpoint-1\n`)
  expect((await here.other(['best', 'two', '--explain'])).stderr).toContain('its files are gone')
})

test('one job is exported to a file or to the standard output; what is not clear is refused', async () => {
  await using here = await twoRuns()
  const { stdout } = await here.run(['export', 'one'])
  expect(JSON.parse(stdout.split('\n')[0]!)).toMatchObject({ journal: 1, name: 'one' })
  await mkdir(join(here.home, 'folder'))
  const told = await here.run(['export', 'one', '--out', 'folder'])
  expect(told.stdout).toMatch(/folder\/one-[0-9a-f]{8}.jsonl: one, \d+ lines\n$/)
  for (const words of [
    [],
    ['one', 'two'],
    ['one', '--all', '--out', 'x'],
    ['--all'],
    ['no such'],
  ]) {
    expect(await here.run(['export', ...words])).toMatchObject({ code: 2, stdout: '' })
  }
})
