import { spawn } from 'node:child_process'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { checkpointsOf, findJobs } from '@bestmark/db'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newBoardEnv } from '../../board/testing.ts'
import { openBoard } from '../../board/board.ts'
import { command } from '../testing.ts'
import { BESTMARK, eventually, temporaryFolder, writeOutput } from '../../testing.ts'

const log = [
  { step: 100, eval_loss: 1 },
  { step: 200, eval_loss: 2 },
  { step: 300, eval_loss: 3 },
]

/** Measures the step in a checkpoint's name. At step 200 it hangs, or fails while a file exists. */
const SCRIPT = `
  import { existsSync } from 'node:fs'
  const [path, how, file] = process.argv.slice(2)
  const step = Number(path.split('-').at(-1))
  console.error('evaluating', step)
  if (how === 'fail' && step === 200 && existsSync(file)) process.exit(4)
  if (how === 'hang' && step === 200) setInterval(() => {}, 1000)
  else console.log(JSON.stringify({ accuracy: step / 1000, samples: 50 }))
`

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let script: string[]
beforeAll(async () => {
  folder = await temporaryFolder()
  const path = join(folder.path, 'measure.mjs')
  await writeFile(path, SCRIPT)
  script = [process.execPath, path, '{checkpoint}']
})
afterAll(() => folder[Symbol.asyncDispose]())

const run = (...words: string[]) =>
  command(words, { cwd: folder.path, env: { BESTMARK_HOME: join(folder.path, 'home') } })

async function output(name: string): Promise<string> {
  const root = join(folder.path, name)
  await writeOutput(root, { saves: [100, 200, 300], log })
  return root
}

const json = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))

async function scoresOf(root: string) {
  return json(await readFile(join(root, 'bestmark-scores.jsonl'), 'utf8'))
}

test('a command is run for every checkpoint, and its output counts as an evaluation', async () => {
  const root = await output('every')
  const { code, stdout, stderr } = await run('eval', 'every', '--json', '--', ...script)
  expect(code).toBe(0)
  expect(json(stdout).map(({ step, values, samples }) => ({ step, values, samples }))).toEqual(
    [100, 200, 300].map((step) => ({ step, values: { accuracy: step / 1000 }, samples: 50 })),
  )
  for (const { log, step } of json(stdout)) {
    expect(log).toContain(join(root, 'bestmark-eval', `checkpoint-${step}`))
    expect(await readFile(log, 'utf8')).toContain(`"accuracy":${step / 1000}`)
    const stderr = await readFile(log.replace('.out.', '.err.'), 'utf8')
    expect(stderr).toBe(`evaluating ${step}\n`)
  }
  expect(stderr).toContain('3 of 3: checkpoint-300')
  const picked = await run('pick', 'every', '--metric', 'accuracy')
  expect(picked.stdout).toContain(join(root, 'checkpoint-300'))
})

test('failed checkpoints are named, other scores are kept, and only failures run again', async () => {
  const root = await output('failing')
  const trouble = join(folder.path, 'trouble')
  await writeFile(trouble, '')
  const measuring = ['--', ...script, 'fail', trouble]
  const first = await run('eval', 'failing', ...measuring)
  expect(first.code).toBe(2)
  expect(first.stderr).toContain('1 of 3 failed: checkpoint-200.')
  expect(first.stderr).toContain('ended with exit code 4. Its last line: evaluating 200')
  expect((await scoresOf(root)).map(({ step }) => step)).toEqual([100, 300])
  await rm(trouble)
  const second = await run('eval', 'failing', '--json', ...measuring)
  expect(second.code).toBe(0)
  const skipped = json(second.stdout).map((line) => [line.step, line.skipped, line.values.accuracy])
  expect(skipped).toEqual([
    [100, true, 0.1],
    [200, false, 0.2],
    [300, true, 0.3],
  ])
  const again = await run('eval', 'failing', '--again', '--only', '100', ...measuring)
  expect(again.stderr).toContain(
    'accuracy was measured there before (0.1), and the first value counts',
  )
  expect(await scoresOf(root)).toHaveLength(4)
})

test('--only selects checkpoints by step, best or last', async () => {
  await output('only')
  const stepsOf = async (only: string) => {
    const { stdout } = await run('eval', 'only', '--only', only, '--json', '--', ...script, only)
    return json(stdout).map(({ step }) => step)
  }
  expect(await stepsOf('300,100')).toEqual([100, 300])
  expect(await stepsOf('best')).toEqual([100])
  expect(await stepsOf('last')).toEqual([300])
})

test('a command that takes too long is stopped, and the next checkpoint follows', async () => {
  await output('slow')
  const words = ['--timeout', '2', '--only', '200,300', '--', ...script, 'hang']
  const { code, stderr } = await run('eval', 'slow', ...words)
  expect(code).toBe(2)
  expect(stderr).toContain('the command took longer than 2 s')
  expect(stderr).toContain('accuracy 0.3')
})

test('a signal is passed to the command, and earlier scores are kept', async () => {
  const root = await output('stopped')
  for (const [name, exit] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    const words = ['eval', root, '--again', '--', ...script, 'hang']
    const env = { ...process.env, BESTMARK_HOME: join(folder.path, 'home') }
    const child = spawn(BESTMARK, words, { env, stdio: ['ignore', 'ignore', 'pipe'] })
    let output = ''
    child.stderr.on('data', (piece: Buffer) => (output += piece.toString()))
    const ended = new Promise((resolve) => child.once('close', resolve))
    await eventually(async () => output.includes('2 of 3') || undefined)
    child.kill(name)
    expect(await ended).toBe(exit)
    expect(output).toContain('the command was stopped')
    expect(output).not.toContain('3 of 3')
  }
  expect((await scoresOf(root)).map(({ step }) => step)).toEqual([100, 100])
})

test('each wrong input gets an error of one sentence', async () => {
  await output('refused')
  await writeOutput(join(folder.path, 'empty'), { saves: [], log })
  const vectors: [words: string[], code: number, message: string][] = [
    [['eval'], 2, 'COMMAND… is missing. Write it after --.'],
    [['eval', '--', ...script], 2, 'RUN is missing'],
    [['eval', 'refused'], 2, 'COMMAND… is missing. Write it after --.'],
    [['eval', 'refused', '--', 'true'], 2, 'COMMAND must contain {checkpoint} or {step}'],
    [['eval', 'nowhere', '--', ...script], 2, 'and there is no board'],
    [['eval', 'refused/trainer_state.json', '--', ...script], 2, 'is a file without checkpoints'],
    [
      ['eval', 'refused', '--only', '700', '--', ...script],
      2,
      'Steps with a complete checkpoint: 100, 200, 300.',
    ],
    [
      ['eval', 'refused', '--only', 'worst', '--', ...script],
      2,
      '--only must be steps, best or last; got',
    ],
    [['eval', 'refused', '--timeout', '-1', '--', ...script], 2, '--timeout'],
    [['eval', 'empty', '--', ...script], 1, 'no complete checkpoint to evaluate'],
    [['eval', 'refused', '--', 'no-such-program', '{step}'], 2, 'Cannot start'],
    [['eval', 'refused', '--', 'echo', '{step}'], 2, 'printed no JSON object with numbers'],
  ]
  for (const [words, code, message] of vectors) {
    const ran = await run(...words)
    expect([words, ran.code, ran.stdout, ran.stderr]).toEqual([
      words,
      code,
      '',
      expect.stringContaining(message),
    ])
  }
})

test('if the run is a job, its scores are on the board, by name and by id', async () => {
  await using home = await temporaryFolder()
  await using database = await newBoardEnv(home.path)
  const { env } = database
  await using board = await openBoard(env)
  const on = (...words: string[]) => command(words, { cwd: folder.path, env })
  const root = await output('boarded')
  await writeFile(join(root, 'config.yaml'), 'metric_for_best_model: accuracy\n')
  const unknown = json((await on('score', 'boarded/checkpoint-100', 'f1=1', '--json')).stdout)
  expect(unknown).toMatchObject([{ is_on_board: false }])
  await on('import', 'boarded')
  const { code, stdout } = await on('eval', 'boarded', '--', ...script)
  expect([code, stdout]).toEqual([0, expect.stringContaining('Step 300')])
  expect((await on('best', 'boarded')).stdout).toBe(`${join(root, 'checkpoint-300')}\n`)
  const [job] = await findJobs(board.db, 'boarded')
  const listed = await checkpointsOf(board.db, job!.job_id)
  const first = listed!.checkpoints.find(({ step }) => step === 100)!
  expect(first.values).toMatchObject({ accuracy: 0.1, f1: 1 })
  const scored = await on('score', first.checkpoint_id.slice(0, 13), 'bleu=7', '--json')
  expect(json(scored.stdout)).toMatchObject([{ step: 100, is_on_board: true, best_step: 300 }])
  const none = await on('score', 'ffffffff-ffff', 'bleu=7')
  expect(none.stderr).toContain('the board has no checkpoint with such an id')
})
