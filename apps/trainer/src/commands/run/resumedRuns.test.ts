import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { jobDetail, listCheckpoints, listJobs } from '@bestmark/db'
import { expect, test } from 'vitest'
import { testBoard } from '../../board/testing.ts'
import { OUTPUT } from '../../sources/output/runOutput.ts'
import { command } from '../testing.ts'
import { earlierRunOf } from './earlierRun.ts'

const here = testBoard()

/**
 * A program that prints its epochs and saves weights after each. With "state" it writes the state of
 * the HuggingFace Trainer, too. It begins after the last epoch that it finds with "--resume".
 */
const PROGRAM = `
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
const words = process.argv.slice(2)
const folder = words[words.indexOf('--out') + 1]
const [first, last, base] = words.slice(-3).map(Number)
mkdirSync(folder, { recursive: true })
const header = JSON.stringify({ weight: { dtype: 'F32', shape: [1], data_offsets: [0, 4] } }).padEnd(64)
const save = (path, value) => {
  const bytes = Buffer.alloc(8 + 64 + 4)
  bytes.writeBigUInt64LE(64n)
  bytes.write(header, 8)
  bytes.writeFloatLE(value, 72)
  writeFileSync(path, bytes)
}
const log_history = []
if (words.includes('state') && first > 1) {
  const at = folder + '/checkpoint-' + (first - 1) * 10 + '/trainer_state.json'
  log_history.push(...JSON.parse(readFileSync(at, 'utf8')).log_history)
}
for (let epoch = first; epoch <= last; epoch++) {
  const loss = base + epoch
  if (words.includes('state')) {
    const step = epoch * 10
    const at = folder + '/checkpoint-' + step
    mkdirSync(at, { recursive: true })
    save(at + '/model.safetensors', loss)
    log_history.push({ step, epoch, eval_loss: loss })
    writeFileSync(at + '/trainer_state.json', JSON.stringify({ global_step: step, max_steps: 60, log_history }))
  } else {
    console.log('Epoch ' + epoch + '/6 - train loss: 1.5 - val loss: ' + loss)
    save(folder + '/epoch_' + epoch + '.safetensors', loss)
  }
  await new Promise((next) => setTimeout(next, 100))
}
if (last < 6) { console.error('RuntimeError: out of memory'); process.exitCode = 1 }
`

/** A new working directory, and programs that run there one after another with the same name. */
async function directory(name: string) {
  const cwd = await mkdtemp(join(here.path, 'resumed-'))
  await writeFile(join(cwd, 'train.mjs'), PROGRAM)
  const run = async (words: string): Promise<string> => {
    const argv = ['node', 'train.mjs', '--out', 'out/a', ...words.split(' ')]
    const options = ['--name', name, '--project', cwd]
    const { stderr } = await command(['run', ...options, '--', ...argv], { env: here.env, cwd })
    return stderr
  }
  const jobs = async () => {
    const { jobs: found } = await listJobs(here.board.db, { project: cwd })
    return Promise.all(
      found.map(async (job) => ({
        ...job,
        attempts: (await jobDetail(here.board.db, job.job_id))?.attempts,
        paths: (await listCheckpoints(here.board.db, job.job_id)).map(({ path }) => path),
      })),
    )
  }
  return { cwd, root: join(cwd, 'out/a'), run, jobs }
}

const epochs = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => `epoch_${from + index}.safetensors`)

test('a program that crashed and prints the next steps is a further attempt of the same job', async () => {
  const { root, run, jobs } = await directory('crashed')
  await run('1 3 1')
  expect(await jobs()).toMatchObject([{ status: 'failed', output_dir: root }])
  const stderr = await run('--resume 4 6 1')
  expect(stderr.match(/bestmark (records|found)/g)).toHaveLength(1)
  expect(await jobs()).toMatchObject([
    {
      ...{ name: 'crashed', status: 'completed', output_dir: root, current_epoch: 6 },
      ...{ best_checkpoint_path: join(root, 'epoch_1.safetensors'), eval_loss: 7 },
      paths: epochs(1, 6),
      attempts: [{ resumed_from: null }, { resumed_from: 3 }],
    },
  ])
  const output = await readFile(join(root, OUTPUT), 'utf8')
  for (const epoch of [1, 2, 3, 4, 5, 6]) expect(output).toContain(`Epoch ${epoch}/6`)
})

test('a program that prints its first step again is a new job, and the earlier output is kept', async () => {
  const { root, run, jobs } = await directory('again')
  await run('1 6 1')
  const [first] = await jobs()
  await run('1 6 3')
  const found = await jobs()
  expect(found).toHaveLength(2)
  const second = found.find(({ job_id }) => job_id !== first?.job_id)
  expect(second).toMatchObject({ eval_loss: 9, best_eval_loss: 4, paths: epochs(1, 6) })
  const earlier = await readFile(join(root, OUTPUT.replace('.log', '.earlier.log')), 'utf8')
  expect(earlier).toContain('val loss: 2')
  expect(await readFile(join(root, OUTPUT), 'utf8')).not.toContain('val loss: 2')
})

test('a Trainer that resumes in a folder that its arguments name keeps its job and its checkpoints', async () => {
  const { root, run, jobs } = await directory('trainer')
  await run('state 1 3 1')
  const [first] = await jobs()
  const stderr = await run('state --resume 4 6 1')
  expect(stderr).not.toContain('No log or checkpoint')
  expect(await jobs()).toMatchObject([
    {
      ...{ job_id: first?.job_id, name: 'trainer', status: 'completed', output_dir: root },
      ...{ best_checkpoint_path: join(root, 'checkpoint-10'), eval_loss: 7 },
      paths: [1, 2, 3, 4, 5, 6].map((epoch) => `checkpoint-${epoch * 10}`),
    },
  ])
})

test('another program in the folder of a run does not replace its output', async () => {
  const { cwd, root, run } = await directory('first')
  await run('1 6 1')
  await writeFile(join(cwd, 'other.mjs'), PROGRAM)
  const argv = ['node', 'other.mjs', '--out', 'out/a', '1', '6', '2']
  await command(['run', '--name', 'other', '--', ...argv], { env: here.env, cwd })
  const earlier = await readFile(join(root, OUTPUT.replace('.log', '.earlier.log')), 'utf8')
  expect(earlier).toContain('val loss: 7')
})

test('a folder is that of an earlier run if the same script named it with the same option, or by the name', async () => {
  const { cwd, root, run } = await directory('earlier')
  await run('1 6 1')
  const earlier = (argv: string, name?: string) =>
    earlierRunOf({ argv: argv.split(' '), cwd, name })
  expect(await earlier('node train.mjs --out out/a --resume')).toBe(root)
  expect(await earlier('node train.mjs --out out --resume')).toBeUndefined()
  expect(await earlier('node train.mjs --init out/a --out out/b')).toBeUndefined()
  expect(await earlier('node eval.mjs --out out/a')).toBeUndefined()
  expect(await earlier('node eval.mjs out/a', 'earlier')).toBe(root)
  expect(await earlier('node train.mjs')).toBeUndefined()
})
