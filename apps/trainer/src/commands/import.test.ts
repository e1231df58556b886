import { cp, rename, rm, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { TrainingJobStatus, measuredJson } from '@bestmark/core'
import { deleteJobs } from '@bestmark/db'
import { expect, test } from 'vitest'
import { testBoard } from '../board/testing.ts'
import { command } from './testing.ts'
import { makeOld, writeOutput } from '../testing.ts'

const log: Record<string, number>[] = [
  { step: 50, loss: 3, learning_rate: 0.1, epoch: 0.05 },
  { step: 100, eval_loss: 2, epoch: 0.1 },
  { step: 150, loss: NaN, epoch: 0.15 },
  { step: 200, eval_loss: 1, epoch: 0.2 },
  { step: 300, eval_loss: NaN, epoch: 0.3 },
  { step: 400, eval_loss: 1.5, epoch: 0.4 },
]

const here = testBoard()

const run = (...words: string[]) => command(words, { cwd: here.path, env: here.env })

async function jobsNamed(name: string): Promise<TrainingJobStatus[]> {
  const { stdout } = await run('jobs', '--json')
  const lines = stdout
    .trimEnd()
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
  return lines.filter((job) => job.name === name)
}

async function jobNamed(name: string): Promise<TrainingJobStatus> {
  const found = await jobsNamed(name)
  expect(found).toHaveLength(1)
  return found[0]!
}

test('importing a folder twice gives one job, with the same values', async () => {
  const root = join(here.path, 'finished')
  await writeOutput(root, { saves: [100, 200, 300, 400], log, state: { max_steps: 400 } })
  expect((await run('import', 'finished')).code).toBe(0)
  const first = await jobNamed('finished')
  expect(first).toMatchObject({
    status: 'completed',
    current_step: 400,
    total_steps: 400,
    loss: 'NaN',
    eval_loss: 1.5,
    best_step: 200,
    best_metric: 1,
    best_metric_name: 'eval_loss',
    output_dir: root,
    best_checkpoint_path: join(root, 'checkpoint-200'),
    evaluations_without_improvement: 1,
    started_at: null,
    updated_at: null,
    ended_at: null,
  })
  await run('import', 'finished', join(root, '../finished'))
  expect(await jobNamed('finished')).toEqual(first)
  const best = await run('best', 'finished')
  expect(best).toEqual({ code: 0, stdout: `${join(root, 'checkpoint-200')}\n`, stderr: '' })
})

test('an unfinished run is running, stopped once its files are old, and completed at its last step', async () => {
  const root = join(here.path, 'growing')
  await writeOutput(root, { saves: [100], log, root: false })
  await run('import', 'growing')
  expect(await jobNamed('growing')).toMatchObject({ status: 'running', best_step: 100 })
  await makeOld(root)
  await run('import', 'growing')
  expect(await jobNamed('growing')).toMatchObject({ status: 'stopped', best_step: 100 })
  await writeOutput(root, { saves: [200, 400], log })
  await run('import', 'growing')
  expect(await jobNamed('growing')).toMatchObject({ status: 'completed', best_step: 200 })
})

test('a second import finds files that were moved away or back', async () => {
  const root = join(here.path, 'rotated')
  await writeOutput(root, { saves: [100, 200, 400], log })
  await run('import', 'rotated')
  await rename(join(root, 'checkpoint-200'), join(here.path, 'kept'))
  await run('import', 'rotated')
  expect(await jobNamed('rotated')).toMatchObject({ best_step: 400, best_metric: 1.5 })
  await rename(join(here.path, 'kept'), join(root, 'checkpoint-200'))
  await run('import', 'rotated')
  expect(await jobNamed('rotated')).toMatchObject({ best_step: 200 })
})

test('another run in the same folder is a new job, and the earlier job keeps its values', async () => {
  const root = join(here.path, 'rewritten')
  await writeOutput(root, { saves: [100, 200], log })
  await run('import', 'rewritten')
  const before = await jobNamed('rewritten')
  for (const name of await readdir(root)) await rm(join(root, name), { recursive: true })
  await writeOutput(root, { saves: [100], log: [{ step: 100, eval_loss: 7 }] })
  await run('import', 'rewritten')
  const jobs = await jobsNamed('rewritten')
  expect(jobs.find(({ job_id }) => job_id !== before.job_id)).toMatchObject({
    best_step: 100,
    best_metric: 7,
    current_step: 100,
  })
  const { current_step, eval_loss } = before
  expect(jobs.find(({ job_id }) => job_id === before.job_id)).toMatchObject({
    current_step,
    eval_loss,
  })
})

test('a job is named by its id, a unique beginning of it, or a unique name', async () => {
  await writeOutput(join(here.path, 'a/same'), { saves: [100], log })
  await writeOutput(join(here.path, 'b/same'), { saves: [], log })
  const imported = await run('import', 'a/same', 'b/same', '--json')
  const [a, b] = imported.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect((await run('best', a.job_id.slice(0, 8))).stdout).toContain('a/same/checkpoint-100')
  expect(await run('best', b.job_id)).toMatchObject({ code: 1, stdout: '' })
  const ambiguous = await run('best', 'same')
  expect(ambiguous).toMatchObject({ code: 2, stdout: '' })
  expect(ambiguous.stderr).toContain(a.job_id)
  expect(ambiguous.stderr).toContain(b.job_id)
  expect((await run('best', 'nobody')).code).toBe(2)
})

test('runs below a folder are named by their paths below it', async () => {
  const tree = join(here.path, 'tree')
  for (const rate of ['lr1', 'lr2']) {
    await writeOutput(join(tree, 'sweep', rate), { saves: [100, 200], log })
  }
  await writeOutput(join(tree, 'single', 'deep'), { saves: [100], log })
  expect((await run('import', 'tree', '--project', 'trees')).code).toBe(0)
  for (const name of ['sweep/lr1', 'sweep/lr2', 'single/deep']) {
    expect(await jobNamed(name)).toMatchObject({ project: 'trees' })
  }
})

test('runs that are imported side by side are told in the order of their paths', async () => {
  const names = Array.from({ length: 9 }, (_, index) => `turn${index}`)
  for (const [index, name] of names.entries())
    await writeOutput(join(here.path, 'turns', name), { saves: index < 3 ? [100, 200] : [], log })
  const { code, stdout } = await run('import', 'turns')
  const told = stdout.split('\n').flatMap((line) => /^turn\d/.exec(line) ?? [])
  expect([code, told]).toEqual([0, names])
})

test('--name is for one run and renames an existing job; --project does not move it', async () => {
  const refused = await run('import', 'tree', '--name', 'all of them')
  expect(refused).toMatchObject({ code: 2, stdout: '' })
  expect(refused.stderr).toContain('--name names one job, but 3 runs were found')
  const { job_id } = await jobNamed('sweep/lr1')
  const named = await run('import', 'tree/sweep/lr1', '--name', 'the low one', '--project', 'other')
  expect(named.stdout).toContain(`the low one (${job_id})`)
  expect(named.stderr).toContain('stays in project "trees"')
  expect(await jobNamed('the low one')).toMatchObject({ job_id, project: 'trees' })
  await run('import', 'tree')
  expect(await jobNamed('the low one')).toMatchObject({ job_id })
})

test('best prints to stderr why there is no best', async () => {
  const nothing = [{ step: 100, loss: 2, epoch: 1 }]
  await writeOutput(join(here.path, 'nothing'), { saves: [100], log: nothing })
  await run('import', 'nothing')
  const { code, stdout, stderr } = await run('best', 'nothing')
  expect([code, stdout]).toEqual([1, ''])
  expect(stderr).toContain('No checkpoint can be chosen')
})

test('a path that cannot be imported is named, and the others are imported', async () => {
  await cp(join(here.path, 'finished'), join(here.path, 'other'), { recursive: true })
  const { code, stderr, stdout } = await run('import', 'nowhere', 'other')
  expect(stderr).toContain('There is no')
  expect(stdout).toContain('other')
  expect(code).toBe(2)
})

test('a listed job is a TrainingJobStatus', async () => {
  const { stdout } = await run('jobs', '--json')
  const [line = ''] = stdout.split('\n')
  const fields = Object.keys(JSON.parse(line))
  expect(fields).toEqual(Object.keys(TrainingJobStatus.shape))
  expect(measuredJson(JSON.parse(line))).toBe(line)
})

test('a job that a person deleted is not imported again unless asked for', async () => {
  const root = join(here.path, 'unwanted')
  await writeOutput(root, { saves: [100], log: log.slice(0, 2), state: { max_steps: 100 } })
  await run('import', 'unwanted')
  const first = await jobNamed('unwanted')
  await deleteJobs(here.board.db, [first.job_id])
  const again = await run('import', 'unwanted')
  expect(again.code).toBe(1)
  expect(again.stderr).toContain('The job "unwanted" was deleted from this board.')
  expect(await jobsNamed('unwanted')).toEqual([])
  expect((await run('best', 'unwanted')).code).toBe(2)
  expect((await run('import', '--restore', 'unwanted')).code).toBe(0)
  expect(await jobNamed('unwanted')).toEqual(first)
})
