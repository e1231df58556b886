import { randomUUID } from 'node:crypto'
import { lstat, mkdir, readdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { newBoardEnv } from '../board/testing.ts'
import { command } from './testing.ts'
import { temporaryFolder, writeOutput } from '../testing.ts'

/** Two runs on a board; `run` and `other` run commands with the first and a second board. */
async function twoRuns() {
  const home = await temporaryFolder()
  for (const name of ['one', 'two']) {
    const log = [1, 2].map((step) => ({ step, eval_loss: step }))
    await writeOutput(join(home.path, name), { saves: [1, 2], log })
  }
  const boards = {
    first: await newBoardEnv(home.path),
    other: await newBoardEnv(home.path, 'other'),
  }
  const on = (board: keyof typeof boards) => (words: readonly string[]) =>
    command(words, { cwd: home.path, env: boards[board].env })
  const run = on('first')
  expect(await run(['import', 'one', 'two'])).toMatchObject({ code: 0 })
  const dispose = async (): Promise<void> => {
    for (const board of Object.values(boards)) await board[Symbol.asyncDispose]()
    await home[Symbol.asyncDispose]()
  }
  return { home: home.path, run, other: on('other'), [Symbol.asyncDispose]: dispose }
}

test('every job of a board is exported to a folder, and imported on another board', async () => {
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
  const imported = await here.other(['import', ...files])
  expect(imported.stdout).toContain(`one/checkpoint-1.`)
  expect((await here.other(['best', 'one'])).stdout).toBe(`${here.home}/one/checkpoint-1\n`)
})

test('one job is exported to a file or to stdout; ambiguous words are refused', async () => {
  await using here = await twoRuns()
  const { stdout } = await here.run(['export', 'one'])
  expect(JSON.parse(stdout.split('\n')[0]!)).toMatchObject({ journal: 1, name: 'one' })
  await mkdir(join(here.home, 'folder'))
  const exported = await here.run(['export', 'one', '--out', 'folder'])
  expect(exported.stdout).toMatch(/folder\/one-[0-9a-f]{8}.jsonl: one, \d+ lines\n$/)
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

test('an unwritable path is an error; a device is written to and not replaced', async () => {
  await using here = await twoRuns()
  const full = join(here.home, 'full')
  await symlink('/dev/full', full)
  for (const out of ['none/such.jsonl', 'full']) {
    const refused = await here.run(['export', 'one', '--out', out])
    expect(refused).toMatchObject({ code: 2, stdout: '' })
    expect(refused.stderr).toMatch(/^bestmark: Cannot write \S+: .*\n$/)
  }
  await writeFile(join(here.home, 'file'), '')
  const all = await here.run(['export', '--all', '--out', 'file/below'])
  expect(all).toMatchObject({ code: 2, stdout: '' })
  expect(all.stderr).toMatch(/^bestmark: Cannot write \S+below: .*\n$/)
  expect((await lstat(full)).isSymbolicLink()).toBe(true)
  expect((await readdir(here.home)).filter((name) => name.endsWith('.part'))).toEqual([])
})

test('an export that is cut short is refused and changes nothing', async () => {
  await using here = await twoRuns()
  const lines = (await here.run(['export', 'one'])).stdout.split('\n')
  const file = join(here.home, 'cut.jsonl')
  const half = [...lines.slice(0, -2), lines.at(-2)!.slice(0, 9)].join('\n')
  for (const cut of [half, `${lines.slice(0, -2).join('\n')}\n`]) {
    await writeFile(file, cut)
    const refused = await here.other(['import', file])
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('is cut short')])
  }
  expect((await here.other(['jobs', '--json'])).stdout).not.toContain('one')
  await writeFile(file, lines.join('\n'))
  expect(await here.other(['import', file])).toMatchObject({ code: 0 })
})

test('an export never lets prune remove a folder, with any machine in it', async () => {
  await using here = await twoRuns()
  const victim = join(here.home, 'victim')
  await mkdir(join(victim, 'checkpoint-1'), { recursive: true })
  await mkdir(join(victim, 'checkpoint-2'))
  const [head = '', ...lines] = (await here.run(['export', 'one'])).stdout.split('\n')
  const header = JSON.parse(head)
  const job_id = randomUUID()
  const exported = { ...header.exported, root: victim }
  const forged = JSON.stringify({ ...header, job_id, name: 'forged', exported })
  await writeFile(join(here.home, 'forged.jsonl'), [forged, ...lines].join('\n'))
  const prune = ['prune', job_id, '--keep-best', '0', '--keep-last', '0', '--yes']
  for (const [board, why] of [
    [here.run, "Import the run's folder"],
    [here.other, 'Prune it there.'],
  ] as const) {
    expect(await board(['import', 'forged.jsonl'])).toMatchObject({ code: 0 })
    const refused = await board(prune)
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining(why)])
  }
  expect((await readdir(victim)).sort()).toEqual(['checkpoint-1', 'checkpoint-2'])
})
