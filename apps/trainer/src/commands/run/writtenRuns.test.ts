import { mkdir, mkdtemp, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, test as alone } from 'vitest'
import { testBoard } from '../../board/testing.ts'
import { programsWithOwnFolders } from './testing.ts'
import { importRun } from '../../recording/importRun.ts'
import { bestmark, eventually } from '../../testing.ts'

const here = testBoard()
// The tests run at the same time, since each has its folder and mostly waits.
const test = alone.concurrent

const { started, jobAt } = programsWithOwnFolders(here)

beforeAll(() => mkdir(join(here.path, 'elsewhere')))

test.each([
  [
    'a table, as Lightning does',
    `await table('lightning_logs/version_0')`,
    'lightning_logs/version_0',
  ],
  ['states and checkpoints, as HuggingFace does', `await states('results/hf')`, 'results/hf'],
  ['a journal, as our client does', `await journal('runs/one')`, 'runs/one'],
])(
  'a program that writes %s, to a folder that only its script names is recorded there while it runs and after',
  async (_what, script, folder) => {
    const { cwd, ended, jobs, goOn } = await started(script)
    const root = join(cwd, folder)
    const live = await jobAt(jobs, root, 3)
    expect(live).toMatchObject({ status: 'running' })
    await goOn()
    const { code, stderr } = await ended
    expect(code).toBe(0)
    expect(stderr).not.toContain('No log or checkpoint')
    expect(await jobs()).toMatchObject([
      { job_id: live.job_id, output_dir: root, status: 'completed', eval_loss: 6 },
    ])
    // A later import finds the same name.
    expect(await importRun(here.board, root, {})).toMatchObject({ job_id: live.job_id })
  },
)

test('a run outside of the working directory is found by a folder in the arguments', async () => {
  const where = join(here.path, 'elsewhere')
  const { ended, jobs, goOn } = await started(`await table(where + '/seed0')`, where)
  await jobAt(jobs, join(where, 'seed0'), 3)
  await goOn()
  await ended
  expect(await jobs()).toMatchObject([{ output_dir: join(where, 'seed0'), status: 'completed' }])
})

alone.skipIf(process.platform !== 'linux')(
  'a program that writes outside its working directory is found by the files that it has open',
  async () => {
    const where = await mkdtemp(join(here.path, 'open-'))
    // Another log next to it does not make the folder above a run.
    await writeFile(
      join(here.path, 'other.csv'),
      'epoch,step,train_loss,val_loss\n0,0,2,\n0,0,,3\n',
    )
    const script = `
import { openSync, writeSync } from 'node:fs'
const file = openSync('${where}/metrics.csv', 'a')
writeSync(file, 'epoch,step,train_loss,val_loss\\n0,0,2,\\n0,0,,3\\n')
await waits()`
    const { ended, jobs, goOn } = await started(script)
    await jobAt(jobs, where, 3)
    await goOn()
    await ended
    expect(await jobs()).toMatchObject([{ output_dir: where, status: 'completed' }])
  },
)

test('a log that a program keeps open is recorded in its own folder, which has the weights, while it runs and after', async () => {
  const { cwd, ended, jobs, goOn } = await started(`
import { openSync, writeSync } from 'node:fs'
mkdirSync('output/model', { recursive: true })
const file = openSync('output/model/log.csv', 'a')
writeSync(file, 'epoch,loss,val_loss\\n')
for (const [index, loss] of losses.entries()) {
  if (index === 3) await waits()
  save('output/model/epoch_' + (index + 1) + '.safetensors')
  writeSync(file, index + ',1.5,' + loss + '\\n')
}`)
  const root = join(cwd, 'output/model')
  const live = await jobAt(jobs, root, 3)
  expect(live.best_checkpoint_path).toBe(join(root, 'epoch_3.safetensors'))
  await goOn()
  await ended
  expect(await jobs()).toMatchObject([
    { job_id: live.job_id, output_dir: root, status: 'completed', eval_loss: 6, best_step: 3 },
  ])
})

test('a program that rewrites a JSON document is recorded, while it runs and after', async () => {
  const { cwd, ended, jobs, goOn } = await started(`
mkdirSync('out')
const history = []
for (const [index, val_loss] of losses.entries()) {
  if (index === 3) await waits()
  history.push({ epoch: index + 1, train_loss: 1.5, val_loss })
  writeFileSync('out/history.json', JSON.stringify(history))
  save('out/model_' + (index + 1) + '.safetensors')
}`)
  const root = join(cwd, 'out')
  const live = await jobAt(jobs, root, 3)
  await goOn()
  await ended
  expect(await jobs()).toMatchObject([
    {
      ...{ job_id: live.job_id, output_dir: root, status: 'completed', eval_loss: 6 },
      best_checkpoint_path: join(root, 'model_3.safetensors'),
    },
  ])
})

test('several runs of one program are several jobs, and its output belongs to none of them', async () => {
  const script = `
await table('sweep/a')
console.log(JSON.stringify({ step: 99, loss: 1 }))
await table('sweep/b', 10)
process.exitCode = 3`
  const { cwd, name, ended, jobs, goOn } = await started(script)
  await jobAt(jobs, join(cwd, 'sweep/a'), 3)
  await goOn()
  expect((await ended).code).toBe(3)
  const found = (await jobs()).sort((one, other) => (one.name < other.name ? -1 : 1))
  expect(found).toMatchObject([
    { name: `${name}/sweep/a`, eval_loss: 6, current_step: 6, status: 'failed' },
    { name: `${name}/sweep/b`, eval_loss: 16, current_step: 6, status: 'failed' },
  ])
})

test('runs that do not grow, and runs of another running program, are ignored', async () => {
  const { cwd, ended, jobs, goOn } = await started(`await waits(); await table('mine')`)
  await mkdir(join(cwd, 'theirs'))
  const theirs = bestmark(
    [
      'run',
      '--name',
      'theirs',
      '--folder',
      join(cwd, 'theirs'),
      '--',
      'node',
      join(cwd, 'train.mjs'),
      join(cwd, 'go'),
    ],
    { env: { ...here.env, INIT_CWD: join(cwd, 'theirs') }, cwd: join(cwd, 'theirs') },
  )
  await eventually(async () => (await here.jobNamed('theirs')) ?? undefined)
  await goOn()
  await Promise.all([ended, theirs])
  expect(await jobs()).toMatchObject([{ output_dir: join(cwd, 'mine') }])
})

test("a program's output is the log of its weights, while it runs and after", async () => {
  const { cwd, ended, jobs, goOn } = await started(`
mkdirSync('checkpoints')
for (const [index, loss] of losses.entries()) {
  if (index === 3) await waits()
  console.log('Epoch ' + (index + 1) + '/6: train_loss=1.5 val_loss=' + loss)
  if (loss === Math.min(...losses.slice(0, index + 1))) save('checkpoints/best.safetensors')
  save('checkpoints/last.safetensors')
}`)
  const root = join(cwd, 'checkpoints')
  const live = await jobAt(jobs, root, 3)
  await goOn()
  const { stderr } = await ended
  expect(stderr).not.toContain('No log or checkpoint')
  expect(await jobs()).toMatchObject([
    {
      ...{ job_id: live.job_id, status: 'completed', eval_loss: 6, best_step: 3 },
      best_checkpoint_path: join(root, 'best.safetensors'),
    },
  ])
})

test('a log is joined with weights that appear in the folder above', async () => {
  const { cwd, name, ended, jobs, goOn } = await started(`
mkdirSync('results')
appendFileSync('results/log.csv', 'epoch,train_loss,val_loss\\n')
for (const [index, loss] of losses.entries()) {
  if (index === 3) await waits()
  appendFileSync('results/log.csv', index + 1 + ',1.5,' + loss + '\\n')
  if (index > 3) save('model_' + (index + 1) + '.safetensors')
}`)
  const live = await jobAt(jobs, join(cwd, 'results'), 3)
  await goOn()
  await ended
  expect(await jobs()).toMatchObject([
    {
      ...{ job_id: live.job_id, name, output_dir: cwd, status: 'completed', eval_loss: 6 },
      best_checkpoint_path: join(cwd, 'model_5.safetensors'),
    },
  ])
  expect(await readdir(join(cwd, 'results'))).toEqual(['log.csv'])
})
