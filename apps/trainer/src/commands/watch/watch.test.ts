import { appendFile, chmod, cp, mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Patience } from '@bestmark/core'
import { deleteJobs, listCheckpoints, readSeries } from '@bestmark/db'
import { expect, test } from 'vitest'
import { writeRunNote } from '../../sources/runNote.ts'
import { testBoard } from '../../board/testing.ts'
import { command } from '../testing.ts'
import { eventually, makeOld, weightsOf, writeOutput } from '../../testing.ts'
import { pause } from '../../pause.ts'
import { Watcher } from './watcher.ts'

const here = testBoard()

const HEAD = 'epoch,step,train_loss,val_loss\n'
const row = (step: number): string => `0,${step - 1},${1 / step},\n`
const evaluation = (step: number): string => `0,${step - 1},,${2 / step}\n`

const display = (messages: string[]) => ({
  message: (line: string) => void messages.push(line),
  show: () => undefined,
})

/** Watches a folder while a test runs. */
async function watched(tree: string, patience?: Patience) {
  await mkdir(tree, { recursive: true })
  const over = new AbortController()
  const messages: string[] = []
  const watcher = new Watcher(here.board, { project: 'watched' }, display(messages), patience)
  const done = watcher.watch([tree], over.signal)
  const dispose = async (): Promise<void> => {
    over.abort()
    await done
  }
  return { messages, [Symbol.asyncDispose]: dispose }
}

test('a watched folder that is not there yet is named as that, and its run is recorded when it comes', async () => {
  const messages: string[] = []
  const tree = join(here.path, 'a later tree')
  const watcher = new Watcher(here.board, {}, display(messages))
  const signal = new AbortController().signal
  await watcher.look([tree], signal)
  expect(messages).toEqual([expect.stringContaining(`Cannot read ${tree} now: it does not exist`)])
  await mkdir(join(tree, 'run'), { recursive: true })
  await writeFile(join(tree, 'run', 'metrics.csv'), HEAD + row(10) + evaluation(10))
  await makeOld(tree)
  await watcher.look([tree], signal)
  expect((await here.jobNamed('run'))?.current_step).toBe(10)
})

test('a new run below a watched folder is followed row by row', async () => {
  const tree = join(here.path, 'growing tree')
  await using watching = await watched(tree)
  const root = join(tree, 'lightning_logs', 'version_0')
  await mkdir(root, { recursive: true })
  await writeFile(join(root, 'metrics.csv'), HEAD + row(10) + evaluation(10))
  const job = await eventually(async () => {
    const found = await here.jobNamed('lightning_logs/version_0')
    return found?.eval_loss === 2 / 10 ? found : undefined
  })
  expect(job).toMatchObject({ status: 'running', project: 'watched', current_step: 10 })
  expect(watching.messages).toContain('Recording lightning_logs/version_0 (lightning_csv).')
  // Half a row is not read before its newline.
  await appendFile(join(root, 'metrics.csv'), row(20).slice(0, 4))
  await appendFile(join(root, 'metrics.csv'), row(20).slice(4) + evaluation(20))
  await eventually(async () =>
    (await here.jobNamed(job.name))?.eval_loss === 2 / 20 ? true : undefined,
  )
  const [loss] = await readSeries(here.board.db, job.job_id, { names: ['loss'], points: 100 })
  expect([...loss!.values]).toEqual([1 / 10, 1 / 20])
})

test('a run without new rows becomes stopped, and running again with its next row', async () => {
  const tree = join(here.path, 'silent tree')
  await mkdir(tree)
  await writeFile(join(tree, 'metrics.csv'), HEAD + row(10))
  await using _watching = await watched(tree, { factor: 1, floor: 3_000 })
  const statusIs = (wanted: string) =>
    eventually(async () =>
      (await here.jobNamed('silent tree'))?.status === wanted ? true : undefined,
    )
  await statusIs('stopped')
  await appendFile(join(tree, 'metrics.csv'), row(20))
  await statusIs('running')
  expect(await here.jobNamed('silent tree')).toMatchObject({ current_step: 20 })
})

test('with --json watch prints one line per found run, with its status', async () => {
  const tree = join(here.path, 'json tree')
  const log = [{ step: 100, eval_loss: 2 }]
  await writeOutput(join(tree, 'one'), { saves: [100], log })
  await makeOld(tree)
  const { code, stdout } = await command(['watch', tree, '--once', '--json'], { env: here.env })
  expect(code).toBe(0)
  const lines = stdout.trimEnd().split('\n')
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { name: 'one', status: 'completed', best_step: 100 },
  ])
})

test('a finished run is imported once, and again when its files change', async () => {
  const tree = join(here.path, 'finished tree')
  const log = [
    { step: 100, eval_loss: 2 },
    { step: 200, eval_loss: 3 },
  ]
  await writeOutput(join(tree, 'deep', 'finished'), { saves: [100, 200], log })
  await makeOld(tree)
  const over = new AbortController()
  const messages: string[] = []
  const watcher = new Watcher(here.board, {}, display(messages))
  await watcher.look([tree], over.signal)
  const job = await here.jobNamed('deep/finished')
  expect(job).toMatchObject({ status: 'completed', best_step: 100 })
  await watcher.look([tree], over.signal)
  expect(messages).toHaveLength(1)
  expect(messages[0]).toContain('checkpoint-100')
  expect(await listCheckpoints(here.board.db, job!.job_id)).toHaveLength(2)
  const longer = [...log, { step: 300, eval_loss: 1 }]
  await writeOutput(join(tree, 'deep', 'finished'), { saves: [100, 200, 300], log: longer })
  await makeOld(tree)
  await watcher.look([tree], over.signal)
  expect(messages).toHaveLength(2)
  expect(messages[1]).toContain('checkpoint-300')
  expect(await here.jobNamed('deep/finished')).toMatchObject({
    job_id: job!.job_id,
    best_step: 300,
  })
  expect(await listCheckpoints(here.board.db, job!.job_id)).toHaveLength(3)
})

test('a run is named by its path below the watched folder, or by the name that it declares', async () => {
  const tree = join(here.path, 'named tree')
  for (const rate of ['lr1e-3', 'lr3e-3']) {
    await writeOutput(join(tree, 'sweep', rate), { saves: [1], log: [{ step: 1, eval_loss: 2 }] })
  }
  writeRunNote(join(tree, 'sweep', 'lr1e-3'), { name: 'its own name', project: 'p' })
  await makeOld(tree)
  await new Watcher(here.board, {}, display([])).look([tree], new AbortController().signal)
  expect(await here.jobNamed('its own name')).toMatchObject({ project: 'p' })
  expect(await here.jobNamed('sweep/lr3e-3')).toMatchObject({ status: 'completed' })
})

test('an existing job keeps its project, and one message says so', async () => {
  const tree = join(here.path, 'kept project')
  await writeOutput(join(tree, 'kept one'), { saves: [100], log: [{ step: 100, eval_loss: 2 }] })
  await makeOld(tree)
  const look = new AbortController().signal
  await new Watcher(here.board, { project: 'first' }, display([])).look([tree], look)
  const messages: string[] = []
  const other = new Watcher(here.board, { project: 'second' }, display(messages))
  await other.look([tree], look)
  await other.look([tree], look)
  expect(messages.filter((line) => line.includes('stays in project "first"'))).toHaveLength(1)
  expect(await here.jobNamed('kept one')).toMatchObject({ project: 'first' })
})

test('a run that could not be imported is tried again', async () => {
  const tree = join(here.path, 'later tree')
  await writeOutput(join(tree, 'later'), { saves: [100], log: [{ step: 100, eval_loss: 2 }] })
  await makeOld(tree)
  const messages: string[] = []
  let isAway = true
  const board = new Proxy(here.board, {
    get: (target, name) => {
      if (name === 'db' && isAway) throw new Error('the database is away')
      return target[name as keyof typeof target]
    },
  })
  isAway = false
  const watcher = new Watcher(board, {}, display(messages))
  isAway = true
  await watcher.look([tree], new AbortController().signal)
  expect(messages).toEqual([expect.stringContaining('Skipped ')])
  isAway = false
  await watcher.look([tree], new AbortController().signal)
  expect(await here.jobNamed('later')).toMatchObject({ status: 'completed' })
})

test('loops of links and unreadable folders do not stop the watch', async () => {
  const tree = join(here.path, 'odd tree')
  await mkdir(join(tree, 'a', 'b'), { recursive: true })
  await symlink(tree, join(tree, 'a', 'b', 'loop'))
  await symlink(join(tree, 'nowhere'), join(tree, 'a', 'gone'))
  await mkdir(join(tree, 'closed'))
  await chmod(join(tree, 'closed'), 0)
  await cp(join(here.path, 'finished tree', 'deep', 'finished'), join(tree, 'z', 'behind it'), {
    recursive: true,
  })
  await makeOld(join(tree, 'z'))
  const watcher = new Watcher(here.board, {}, display([]))
  await watcher.look([tree], new AbortController().signal)
  await chmod(join(tree, 'closed'), 0o700)
  expect(await here.jobNamed('z/behind it')).toMatchObject({ status: 'completed' })
})

test('a watched run whose job was deleted stays deleted, and its watcher says so once', async () => {
  const tree = join(here.path, 'unwanted tree')
  const root = join(tree, 'unwanted')
  await mkdir(root, { recursive: true })
  await writeFile(join(root, 'metrics.csv'), HEAD + row(10) + evaluation(10))
  await makeOld(root)
  await using watching = await watched(tree)
  const job = await eventually(() => here.jobNamed('unwanted'))
  await eventually(
    async () => watching.messages.some((line) => line.includes('unwanted')) || undefined,
  )
  await here.board.db
    .sql`update training_jobs set status = 'completed' where job_id = ${job.job_id}`
  await deleteJobs(here.board.db, [job.job_id])
  await appendFile(join(root, 'metrics.csv'), row(20) + evaluation(20))
  const messages = () =>
    watching.messages.filter((line) => line.includes('was deleted from this board'))
  await eventually(async () => messages().length > 0 || undefined)
  await appendFile(join(root, 'metrics.csv'), row(30) + evaluation(30))
  await pause(5_000, new AbortController().signal)
  expect(await here.jobNamed('unwanted')).toBeUndefined()
  expect(messages()).toHaveLength(1)
})

test('folders that hold weights but no log are named once', async () => {
  const tree = join(here.path, 'weights tree')
  await writeOutput(join(tree, 'run'), { saves: [100], log: [{ step: 100, eval_loss: 2 }] })
  for (const folder of ['bare', 'other/checkpoint-5', 'other/checkpoint-9']) {
    await mkdir(join(tree, folder), { recursive: true })
    await writeFile(join(tree, folder, 'model.safetensors'), weightsOf(1))
  }
  await mkdir(join(tree, 'data'))
  await writeFile(join(tree, 'data', 'train.bin'), 'x')
  await makeOld(tree)
  const messages: string[] = []
  const watcher = new Watcher(here.board, {}, display(messages))
  const { signal } = new AbortController()
  await watcher.look([tree], signal)
  await watcher.look([tree], signal)
  const named = [join(tree, 'bare'), join(tree, 'other')].join(', ')
  const text = `2 folders hold weights but no log: ${named}.`
  expect(messages.filter((line) => line.includes('no log'))).toEqual([text])
})
