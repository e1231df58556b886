import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { writeSafetensors } from '@bestmark/char-lm'
import { command } from '../testing.ts'
import { temporaryFolder } from '../../testing.ts'

const WEIGHTS = writeSafetensors({ w: { shape: [1], data: new Float32Array(1) } })
const KEEP = ['--keep-best', '1', '--keep-last', '1', '--yes']

/** A run whose journal lists the paths of a test as checkpoints. The first has the lowest loss. */
async function aRun() {
  const home = await temporaryFolder()
  const root = join(home.path, 'run')
  await mkdir(root)
  const env = { BESTMARK_HOME: join(home.path, 'board') }
  const run = (...words: string[]) => command(words, { cwd: home.path, env })
  const checkpoint = async (path: string): Promise<string> => {
    const folder = join(root, path)
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, 'model.safetensors'), WEIGHTS)
    return path
  }
  const list = async (...paths: string[]): Promise<void> => {
    const header = { journal: 1, job_id: randomUUID(), name: 'run', project: '' }
    const events = paths.flatMap((path, index) => {
      const at = { attempt: 0, step: index + 1 }
      const values = { eval_loss: index + 1 }
      const saved = { type: 'checkpoint', ...at, path, files_state: 'complete' }
      return [{ type: 'evaluation', ...at, values }, saved]
    })
    const lines = [header, { type: 'started', attempt: 0 }, ...events]
    await writeFile(
      join(root, 'journal.jsonl'),
      lines.map((line) => `${JSON.stringify(line)}\n`).join(''),
    )
  }
  const prune = async (words = KEEP) => {
    const { stdout, stderr, code } = await run('prune', 'run', ...words, '--json')
    return { code, stderr, ...(JSON.parse(stdout) as Pruned) }
  }
  return { ...home, home: home.path, root, run, checkpoint, list, prune }
}

interface Pruned {
  stays: { path: string; why: string[] }[]
  goes: { path: string }[]
  removed: string[]
}

test.each(['the folder', 'the board'])('prune by %s removes no log of a run', async (by) => {
  await using here = await aRun()
  await here.checkpoint('good')
  const records = ['bestmark-scores.jsonl', 'train.log', 'metrics.csv', 'args.yaml', 'log.txt']
  for (const name of records) await writeFile(join(here.root, name), 'x\n')
  await mkdir(join(here.root, 'logs'))
  await writeFile(join(here.root, 'logs', 'events.out.tfevents.1.host'), 'x')
  await here.checkpoint('inner')
  await writeFile(join(here.root, 'inner', 'journal.jsonl'), 'x')
  const logs = ['journal.jsonl', ...records, '.', here.root, 'good/..', 'logs', 'inner']
  await here.list('good', ...logs, await here.checkpoint('worse'), await here.checkpoint('last'))
  if (by === 'the board') expect(await here.run('import', 'run')).toMatchObject({ code: 0 })
  const before = await readdir(here.root, { recursive: true })
  const done = await here.prune()
  expect(done).toMatchObject({ code: 0, stderr: '', removed: ['worse'] })
  const after = await readdir(here.root, { recursive: true })
  expect(before.filter((name) => !after.includes(name))).toEqual([
    'worse',
    join('worse', 'model.safetensors'),
  ])
  const why = Object.fromEntries(done.stays.map((row) => [row.path, row.why]))
  for (const path of logs) expect(why[path], path).not.toEqual([])
})

test('a log of a run is never its best checkpoint', async () => {
  await using here = await aRun()
  await writeFile(join(here.root, 'train.log'), 'x\n')
  await here.list('journal.jsonl', 'train.log', await here.checkpoint('good'))
  const { stdout } = await here.run('pick', 'run')
  expect(stdout.split('\n')[0]).toBe(join(here.root, 'good'))
})

test('paths outside of the root are not listed', async () => {
  await using here = await aRun()
  const outside = join(here.home, 'outside')
  await mkdir(outside)
  await writeFile(join(outside, 'model.safetensors'), WEIGHTS)
  await symlink(outside, join(here.root, 'link'))
  await here.list(
    await here.checkpoint('good'),
    ...[outside, '../outside', 'link', 'link/model.safetensors', '..', '/etc'],
    await here.checkpoint('last'),
  )
  const { stays, goes } = await here.prune()
  expect(stays.map(({ path }) => path)).toEqual(['good', 'last'])
  expect(goes).toEqual([])
  expect(await readdir(outside)).toEqual(['model.safetensors'])
})

test('a checkpoint that is kept under one path is not removed under another', async () => {
  await using here = await aRun()
  const good = await here.checkpoint('good')
  const names = [join(here.root, 'good'), 'good/', './good', 'x/../good', 'x\\..\\good']
  await here.list(good, ...names, await here.checkpoint('last'))
  expect(await here.prune()).toMatchObject({ code: 1, goes: [], removed: [] })
  expect(await readFile(join(here.root, 'good', 'model.safetensors'))).toEqual(Buffer.from(WEIGHTS))
})

test('an absolute path in the root means the same checkpoint in every command', async () => {
  await using here = await aRun()
  const [best, last] = [join(here.root, 'good'), join(here.root, 'last')]
  await here.checkpoint('good')
  await here.checkpoint('last')
  await here.list(best, join(here.root, await here.checkpoint('bad')), last)
  expect((await here.run('pick', 'run')).stdout.split('\n')[0]).toBe(best)
  const scored = await here.run('score', best, 'f1=0.5')
  expect(scored).toMatchObject({ code: 0, stderr: '' })
  const command = [
    process.execPath,
    '-e',
    'console.log(JSON.stringify({ acc: 1, is: process.argv[1] }))',
  ]
  const evaluated = await here.run('eval', 'run', '--json', '--', ...command, '{checkpoint}')
  expect(evaluated.code).toBe(0)
  const paths = evaluated.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).path as string)
  expect(paths).toEqual([best, join(here.root, 'bad'), last])
  expect(await here.run('import', 'run')).toMatchObject({ code: 0 })
  expect(await here.run('best', 'run')).toMatchObject({ code: 0, stdout: `${best}\n` })
  expect((await here.prune()).removed).toEqual([join(here.root, 'bad')])
  expect((await readdir(here.root)).sort()).toEqual([
    'bestmark-eval',
    'bestmark-scores.jsonl',
    'good',
    'journal.jsonl',
    'last',
  ])
})
