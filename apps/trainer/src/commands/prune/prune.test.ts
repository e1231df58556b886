import { mkdir, readdir, rename, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { command } from '../testing.ts'
import { temporaryFolder, writeOutput } from '../../testing.ts'

const LOSSES = [5, 1, 2, 3, 4].map((eval_loss, index) => ({ step: (index + 1) * 100, eval_loss }))

/** A run of five checkpoints with the best at step 200, and functions that run commands. */
async function aRun() {
  const home = await temporaryFolder()
  const root = join(home.path, 'run')
  await writeOutput(root, { saves: LOSSES.map(({ step }) => step), log: LOSSES })
  const env = { BESTMARK_HOME: join(home.path, 'board') }
  const run = (...words: string[]) => command(words, { cwd: home.path, env })
  const prune = async (...words: string[]) => {
    const { stdout, stderr, code } = await run('prune', ...words, '--json')
    return { code, stderr, ...(stdout === '' ? {} : JSON.parse(stdout)) }
  }
  const steps = async () =>
    (await readdir(root))
      .filter((name) => name.startsWith('checkpoint-'))
      .map((name) => +name.slice(11))
  return { ...home, home: home.path, root, run, prune, steps }
}

const KEEP = ['--keep-best', '1', '--keep-last', '1']
const pathsOf = (rows: { path: string }[]) => rows.map(({ path }) => path)

test('without --yes the files and their sizes are listed; with --yes they are removed', async () => {
  await using here = await aRun()
  const dry = await here.run('prune', 'run', ...KEEP)
  expect(dry.stderr).toBe('')
  expect(dry.stdout).toMatch(/keep {4}checkpoint-200 .* it is the best\n/)
  expect(dry.stdout).toMatch(/remove {2}checkpoint-300 .*\d+ bytes\n/)
  expect(dry.stdout).toMatch(/Would remove 3 checkpoints, .* Add --yes to remove them.\n$/)
  expect(await here.steps()).toHaveLength(5)
  const done = await here.prune('run', ...KEEP, '--yes')
  expect(done).toMatchObject({ code: 0, job_id: null })
  expect(done.removed).toEqual(['checkpoint-100', 'checkpoint-300', 'checkpoint-400'])
  expect((await here.steps()).sort()).toEqual([200, 500])
  expect((await readdir(here.root)).some((name) => name.startsWith('.bestmark'))).toBe(false)
  expect(await here.prune('run', ...KEEP, '--yes')).toMatchObject({ code: 1, goes: [] })
})

test("a job's pinned checkpoints are kept, and the board records the removal", async () => {
  await using here = await aRun()
  expect(await here.run('import', 'run')).toMatchObject({ code: 0 })
  expect((await here.run('pin', 'run', '300')).stdout).toContain('checkpoint-300 is pinned')
  // A folder with this name exists, and it is the job.
  const plan = await here.prune('run', ...KEEP)
  expect(pathsOf(plan.goes)).toEqual(['checkpoint-100', 'checkpoint-400'])
  const { job_id } = plan
  expect(job_id).not.toBeNull()
  const done = await here.prune(job_id, ...KEEP, '--yes')
  expect(done.removed).toEqual(['checkpoint-100', 'checkpoint-400'])
  expect(await here.run('best', job_id)).toMatchObject({ stdout: `${here.root}/checkpoint-200\n` })
  await here.run('pin', job_id, 'checkpoint-300', '--off')
  expect(pathsOf((await here.prune('run', ...KEEP)).goes)).toEqual(['checkpoint-300'])
})

test('links are neither followed nor removed, and files outside of the run are kept', async () => {
  await using here = await aRun()
  const elsewhere = join(here.home, 'elsewhere')
  await rename(join(here.root, 'checkpoint-100'), elsewhere)
  await symlink(elsewhere, join(here.root, 'checkpoint-100'))
  await mkdir(join(here.root, 'store'))
  await rename(join(here.root, 'checkpoint-300'), join(here.root, 'store', 'checkpoint-300'))
  await symlink(join(here.root, 'store', 'checkpoint-300'), join(here.root, 'checkpoint-300'))
  await writeFile(join(here.home, 'precious'), 'precious')
  await symlink(join(here.home, 'precious'), join(here.root, 'checkpoint-400', 'notes'))
  const done = await here.prune('run', ...KEEP, '--yes')
  expect(done.code).toBe(2)
  expect(done.stderr).not.toContain('checkpoint-100')
  expect(pathsOf([...done.stays, ...done.goes])).not.toContain('checkpoint-100')
  expect(done.stderr).toContain('checkpoint-300 is a link, or behind a link, to ')
  expect(done.removed).toEqual(['checkpoint-400'])
  expect(await readdir(elsewhere)).toContain('model.safetensors')
  expect(await readdir(join(here.root, 'store', 'checkpoint-300'))).toContain('model.safetensors')
  expect(await readdir(here.home)).toContain('precious')
})

test('the target of a link is kept if a kept checkpoint needs it', async () => {
  await using here = await aRun()
  const [best, last] = [join(here.root, 'checkpoint-200'), join(here.root, 'checkpoint-500')]
  await symlink('../checkpoint-300/model.safetensors', join(best, 'adapter.safetensors'))
  await rename(last, join(here.root, 'checkpoint-450'))
  await symlink('checkpoint-450', last)
  const done = await here.prune('run', ...KEEP, '--yes')
  expect(done).toMatchObject({ code: 0, removed: ['checkpoint-100', 'checkpoint-400'] })
  expect((await here.steps()).sort()).toEqual([200, 300, 450, 500])
  expect(await here.prune('run', ...KEEP)).toMatchObject({ code: 1, goes: [] })
})

test('without a best checkpoint nothing is removed, except with --keep-best 0', async () => {
  await using here = await aRun()
  const bare = join(here.home, 'bare')
  await writeOutput(bare, { saves: [1, 2, 3], log: [{ step: 3, loss: 1 }] })
  const refused = await here.prune('bare', ...KEEP, '--yes')
  expect(refused).toMatchObject({ code: 2 })
  expect(refused.stderr).toContain('has no best checkpoint (')
  const plan = await here.prune('bare', '--keep-best', '0', '--keep-last', '2')
  expect(pathsOf(plan.goes)).toEqual(['checkpoint-1'])
})

test('--keep-best and --keep-last are required whole numbers', async () => {
  await using here = await aRun()
  const { stderr, code } = await here.prune('run', '--keep-best', '1')
  expect([code, stderr]).toEqual([
    2,
    expect.stringContaining('--keep-last is missing; it must be a whole number, 0 or more.'),
  ])
  expect((await here.prune('run', '--keep-best', '-1', '--keep-last', '1')).code).toBe(2)
})
