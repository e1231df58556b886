import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newBoardEnv } from '../board/testing.ts'
import { command } from './testing.ts'
import { temporaryFolder, writeOutput } from '../testing.ts'

/** The loss is lowest at step 100, F1 highest at step 300. */
const log = [
  { step: 100, eval_loss: 1, eval_f1: 0.1 },
  { step: 200, eval_loss: 2, eval_f1: 0.2 },
  { step: 300, eval_loss: 3, eval_f1: 0.3 },
]

let home: Awaited<ReturnType<typeof temporaryFolder>>
let board: Awaited<ReturnType<typeof newBoardEnv>>
beforeAll(async () => {
  home = await temporaryFolder()
  board = await newBoardEnv(home.path)
  await writeOutput(join(home.path, 'moby'), { saves: [100, 200, 300], log })
  await run('import', 'moby')
})
afterAll(async () => {
  await board[Symbol.asyncDispose]()
  await home[Symbol.asyncDispose]()
})

const run = (...words: string[]) => command(words, { cwd: home.path, env: board.env })

test('a policy is shown, changed with a name, removed, and listed in the history', async () => {
  expect((await run('policy', 'moby')).stdout).toMatch(
    /^moby uses policy as_declared \(the default\)\.\nStep 100 is best: eval_loss/,
  )
  const changed = await run('policy', 'moby', 'metric', '--metric', 'eval_f1', '--by', 'ana')
  expect(changed.stderr).toBe('')
  expect(changed.stdout).toMatch(
    /^moby uses policy metric eval_f1 \(set for the job, by ana, .+\)\.\nStep 300 is best: eval_f1/,
  )
  expect((await run('best', 'moby')).stdout).toBe(`${join(home.path, 'moby/checkpoint-300')}\n`)
  await run('policy', 'moby', '--inherit', '--by', 'ben')
  expect((await run('best', 'moby')).stdout).toBe(`${join(home.path, 'moby/checkpoint-100')}\n`)
  const history = (await run('policy', 'moby', '--history')).stdout.trimEnd().split('\n')
  expect(history.map((line) => line.split('  ').slice(1))).toEqual([
    ['ben', 'job', 'policy removed'],
    ['ana', 'job', 'metric eval_f1'],
  ])
})

test("a project's metric decides for runs that declare no metric", async () => {
  const words = ['policy', '--project', 'imported', 'as_declared', '--metric', 'eval_f1']
  const { stdout } = await run(...words, '--by', 'cleo', '--json')
  expect(JSON.parse(stdout)).toMatchObject({
    ...{ project: 'imported', policy: 'as_declared', from: 'project' },
    options: { undeclared: { metric: 'eval_f1', direction: null } },
  })
  const { stdout: shown } = await run('policy', 'moby')
  expect(shown).toMatch(
    /^moby uses policy as_declared, eval_f1 for runs that declare no metric \(set for the project, by cleo/,
  )
  expect(shown).toMatch(/\nStep 300 is best: eval_f1/)
  await run('policy', '--project', 'imported', '--inherit')
  const { stdout: history } = await run('policy', '--project', 'imported', '--history', '--json')
  const [newest] = history.trimEnd().split('\n')
  expect(JSON.parse(newest!)).toMatchObject({ policy: null, by: expect.stringMatching(/.@./) })
})

test('--explain prints the whole explanation of a job on the board', async () => {
  const { stdout, code } = await run('best', 'moby', '--explain')
  const [path, empty, sentence] = stdout.split('\n')
  expect([path, empty, code]).toEqual([join(home.path, 'moby/checkpoint-100'), '', 0])
  expect(sentence).toMatch(/^Step 100 is best: eval_loss [\d.]+, the lowest of 3 checkpoints/)
  expect(stdout).toMatch(/^ +1 +100 +1 +checkpoint-100 +best +trainer_state\.json:\d+$/m)
})

test('a wrong policy is refused, and the error lists the choices', async () => {
  for (const [words, message] of [
    [['policy'], 'Name one job, or a project with --project'],
    [['policy', 'nobody'], 'There is no job "nobody"'],
    [['policy', 'moby', 'zorp'], 'as_declared or lowest_eval_loss or metric'],
    [['policy', 'moby', 'metric', '--metric', 'bleu'], 'Logged: eval_loss, eval_f1'],
    [['policy', 'moby', 'metric', '--inherit'], 'Use --inherit without a policy'],
    [['policy', 'moby', 'scored'], 'scored'],
    [['policy', '--project', 'nowhere'], 'There is no project "nowhere"'],
    [['policy', '--project', 'nowhere', 'lowest_eval_loss'], 'There is no project nowhere'],
  ] as const) {
    const { code, stdout, stderr } = await run(...words)
    expect(stderr).toContain(message)
    expect([code, stdout]).toEqual([2, ''])
  }
})
