import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findJobs, jobStatus, listJobs } from '@bestmark/db'
import { readStoredRows } from '@bestmark/db/testing'
import { expect, test } from 'vitest'
import { testBoard } from '../../board/testing.ts'
import { readRunNote } from '../../sources/runNote.ts'
import { eventually, weightsOf } from '../../testing.ts'
import { command } from '../testing.ts'
import { ProgramClaim } from './programClaim.ts'
import { WrittenRuns } from './writtenRuns.ts'

const here = testBoard()

/** A program that waits for a file, and then writes more epochs to the table in the folder of its script. */
const PROGRAM = `
import { appendFileSync, existsSync, mkdirSync } from 'node:fs'
while (!existsSync('go')) await new Promise((next) => setTimeout(next, 20))
mkdirSync('out', { recursive: true })
const path = 'out/metrics.csv'
const first = existsSync(path) ? 4 : 1
if (first === 1) appendFileSync(path, 'epoch,train_loss,val_loss\\n')
for (let epoch = first; epoch < first + 3; epoch++) {
  appendFileSync(path, [epoch, 1 / epoch, 2 / epoch].join(',') + '\\n')
}
`

test('a program that continues a run, which is found after its job began, has one job: the earlier one', async () => {
  const cwd = await mkdtemp(join(here.path, 'continued-'))
  const root = join(cwd, 'out')
  await writeFile(join(cwd, 'train.mjs'), PROGRAM)
  const go = join(cwd, 'go')
  const run = (...options: string[]) => {
    const words = ['run', '--project', cwd, ...options, '--', 'node', 'train.mjs']
    return command(words, { env: here.env, cwd })
  }
  const jobs = async () => (await listJobs(here.board.db, { project: cwd })).jobs
  await writeFile(go, '')
  await run('--name', 'first')
  const [first] = await jobs()
  expect(first).toMatchObject({ name: 'first', output_dir: root, current_step: 3 })

  await rm(go)
  const ended = run('--name', 'second')
  const begun = await eventually(async () => (await findJobs(here.board.db, 'second'))[0])
  expect(begun.output_dir).not.toBe(root)
  await writeFile(go, '')
  expect((await ended).stderr).not.toContain('No log or checkpoint')
  expect(await jobs()).toMatchObject([
    { job_id: first?.job_id, name: 'second', status: 'completed', output_dir: root },
  ])
  const { points } = await readStoredRows(here.board.db, first?.job_id ?? '')
  expect(points['0 loss']?.map(([step]) => step)).toEqual([1, 2, 3, 4, 5, 6])

  const given = await jobStatus(here.board.db, begun.job_id)
  expect(given).toMatchObject({ status: 'stopped', deleted_at: expect.any(Number) as number })
  expect(given?.error).toContain(first?.job_id)
  // An import of the program's output finds the job of the run, too.
  expect(await readRunNote(begun.output_dir)).toMatchObject({ job_id: first?.job_id })
})

test('new weights beside an older log wait for the log while the program runs', async () => {
  const cwd = await mkdtemp(join(here.path, 'beside-'))
  const [root, data_folder] = [join(cwd, 'output'), join(cwd, 'home')]
  const [fresh, resumed] = [join(cwd, 'runs/fresh'), join(cwd, 'runs/resumed')]
  for (const folder of [root, data_folder, fresh, resumed]) await mkdir(folder, { recursive: true })
  const log = join(resumed, 'metrics.csv')
  await writeFile(log, 'epoch,train_loss,val_loss\n1,1,2\n')
  const old = new Date(Date.now() - 60_000)
  await utimes(log, old, old)
  const claim = new ProgramClaim(data_folder, { named: [], roots: [] })
  const started = { pid: process.pid, argv: ['node'], started_at: Date.now(), claim }
  const below = (folder: string) => new WrittenRuns({ ...started, cwd: folder, root, data_folder })
  for (const folder of [fresh, resumed])
    await writeFile(join(folder, 'epoch_2.safetensors'), weightsOf(2))
  expect(await below(fresh).weights(false)).toBe(fresh)
  expect(await below(resumed).weights(false)).toBeUndefined()
  expect(await below(resumed).weights(true)).toBe(resumed)
})
