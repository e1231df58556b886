import { mkdir, readdir, rename, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { command } from '../testing.ts'
import { temporaryFolder, weightsOf } from '../../testing.ts'

/** A checkpoint in a journal: its step, its loss (null if it was not measured), and its path. */
type JournalRow = readonly [step: number, eval_loss: number | null, path: string]

/** A run in the folder `real`, with a link `link` to it and checkpoints 10, 20 and 30. */
async function aLinkedRun(rows: (home: string) => readonly JournalRow[]) {
  const home = await temporaryFolder()
  const root = join(home.path, 'real')
  for (const step of [10, 20, 30]) {
    await mkdir(join(root, `checkpoint-${step}`), { recursive: true })
    await writeFile(join(root, `checkpoint-${step}`, 'model.safetensors'), weightsOf(step))
  }
  await symlink(root, join(home.path, 'link'))
  const events = rows(home.path).flatMap(([step, eval_loss, path]) => [
    ...(eval_loss === null
      ? []
      : [{ type: 'evaluation', attempt: 0, step, values: { eval_loss } }]),
    { type: 'checkpoint', attempt: 0, step, path, files_state: 'complete' },
  ])
  const job_id = '5d1f1d6e-7a1b-4c33-9a2f-3c6f8f3b0c55'
  const lines = [
    { journal: 1, job_id, name: 'linked', project: 'p', recipe: null },
    { type: 'started', attempt: 0, metric_for_best: 'eval_loss', direction: 'min' },
    ...events,
    { type: 'ended', attempt: 0, status: 'completed' },
  ]
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('')
  await writeFile(join(root, 'journal.jsonl'), text)
  const env = { BESTMARK_HOME: join(home.path, 'board') }
  const run = (...words: string[]) => command(words, { cwd: home.path, env })
  const prune = (...words: string[]) =>
    run('prune', 'real', '--keep-best', '1', '--keep-last', '1', ...words)
  const saved = async () =>
    (await readdir(root)).filter((name) => name.startsWith('checkpoint-')).sort()
  return { ...home, home: home.path, root, run, prune, saved }
}

const WAYS: Record<string, (home: string) => string> = {
  'an absolute path through a link': (home) => join(home, 'link'),
  'a relative path through a link': () => '../link',
}

for (const [way, folder] of Object.entries(WAYS)) {
  test(`the best is kept under every path of its files: ${way}`, async () => {
    await using here = await aLinkedRun((home) => [
      [10, 0.5, `${folder(home)}/checkpoint-10`],
      [20, 0.7, 'checkpoint-20'],
      [30, 0.9, 'checkpoint-30'],
      [11, null, 'checkpoint-10'],
    ])
    expect((await here.run('pick', 'real')).stdout.trim()).toMatch(/link\/checkpoint-10$/m)
    const done = await here.prune('--yes')
    expect([done.code, done.stderr]).toEqual([0, ''])
    expect(await here.saved()).toEqual(['checkpoint-10', 'checkpoint-30'])
  })

  test(`a checkpoint whose path contains a link to the run is removed like any other: ${way}`, async () => {
    await using here = await aLinkedRun((home) =>
      [10, 20, 30].map((step) => [step, step, `${folder(home)}/checkpoint-${step}`]),
    )
    expect(await here.run('import', 'real')).toMatchObject({ code: 0 })
    const done = await here.prune('--yes')
    expect([done.code, done.stderr]).toEqual([0, ''])
    expect(await here.saved()).toEqual(['checkpoint-10', 'checkpoint-30'])
  })
}

test('a link to the run is followed, but no link in the run', async () => {
  await using here = await aLinkedRun(() => [
    [10, 0.5, 'checkpoint-10'],
    [20, 0.7, '../link/checkpoint-20'],
    [30, 0.9, 'checkpoint-30'],
  ])
  await mkdir(join(here.root, 'store'))
  await rename(join(here.root, 'checkpoint-20'), join(here.root, 'store', 'kept'))
  await symlink('store/kept', join(here.root, 'checkpoint-20'))
  const done = await here.prune('--yes')
  expect([done.code, done.stderr]).toEqual([
    2,
    expect.stringContaining('is a link, or behind a link, to '),
  ])
  expect(await here.saved()).toEqual(['checkpoint-10', 'checkpoint-20', 'checkpoint-30'])
  expect(await readdir(join(here.root, 'store', 'kept'))).toEqual(['model.safetensors'])
})

test('a link, and the folder of a link, is kept if the path of the best contains it', async () => {
  await using here = await aLinkedRun(() => [
    [5, 0.8, 'all'],
    [10, 0.5, 'all/best'],
    [20, 0.7, 'checkpoint-20'],
    [30, 0.9, 'checkpoint-30'],
    [11, 0.8, 'checkpoint-10'],
  ])
  await mkdir(join(here.root, 'all'))
  await writeFile(join(here.root, 'all', 'model.safetensors'), weightsOf(5))
  await symlink('../checkpoint-10', join(here.root, 'all', 'best'))
  expect(await here.prune('--yes')).toMatchObject({ code: 0, stderr: '' })
  expect(await here.saved()).toEqual(['checkpoint-10', 'checkpoint-30'])
  expect((await readdir(join(here.root, 'all'))).sort()).toEqual(['best', 'model.safetensors'])
})

test('paths outside of the run and impossible paths are ignored', async () => {
  await using here = await aLinkedRun((home) => [
    [10, 0.5, 'checkpoint-10'],
    [20, 0.7, 'checkpoint-20'],
    [30, 0.9, 'checkpoint-30'],
    [21, null, '..'],
    [22, null, '/'],
    [23, null, join(home, 'precious')],
    [24, null, 'x'.repeat(5000)],
    [25, null, 'a/'.repeat(2500)],
  ])
  await writeFile(join(here.home, 'precious'), weightsOf(1))
  const done = await here.prune('--yes')
  expect([done.code, done.stderr]).toEqual([0, ''])
  expect(done.stdout).not.toContain('xxxx')
  expect(done.stdout).not.toContain('precious')
  expect(await here.saved()).toEqual(['checkpoint-10', 'checkpoint-30'])
  expect(await readdir(here.home)).toContain('precious')
})
