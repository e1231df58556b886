import { join } from 'node:path'
import { readdir, readlink } from 'node:fs/promises'
import { approveDeployment, listDeployments, publishTargets } from '@bestmark/db'
import { beforeAll, expect, test } from 'vitest'
import { testBoard } from '../board/testing.ts'
import { shipNext } from '../shipping/shipping.ts'
import { eventually, writeFiles, writeOutput } from '../testing.ts'
import { command } from './testing.ts'

const here = testBoard()
const run = (...words: string[]) => command(words, { cwd: here.path, env: here.env })
const never = new AbortController().signal

beforeAll(async () => {
  const log = [
    { step: 100, eval_loss: 3 },
    { step: 200, eval_loss: 2 },
  ]
  await writeOutput(join(here.path, 'Moby 1'), { saves: [100, 200], log })
  await writeOutput(join(here.path, 'bare'), { saves: [], log })
  await run('import', 'Moby 1', 'bare')
})

const ship = () => shipNext(here.board.db, here.board.host_id, here.env.BESTMARK_HOME, never)

test('the best checkpoint is ordered, under a name from the job', async () => {
  const { code, stdout, stderr } = await run('deploy', 'Moby 1', '--by', 'ana')
  expect([code, stdout]).toEqual([0, ''])
  expect(stderr).toContain('Ordered: step 200 of Moby 1 as moby-1 to folder.\n')
  const [order] = await listDeployments(here.board.db, { model_name: 'moby-1' })
  expect(order).toMatchObject({ step: 200, by: 'ana', is_best: true, target: 'folder' })
  await ship()
})

test('--wait ends when the files are live, and prints their path', async () => {
  const words = ['deploy', 'Moby 1', '--checkpoint', '100', '--reason', 'a test', '--as', 'chat']
  const waiting = run(...words, '--wait')
  await eventually(async () => (await ship()) || undefined)
  const { code, stdout } = await waiting
  const link = join(here.env.BESTMARK_HOME, 'models', 'chat', 'current')
  expect([code, stdout]).toEqual([0, `${join(link, '..', await readlink(link))}\n`])
})

test('if --wait is stopped, the order stays and the exit code says that it is not live', async () => {
  const waiting = run('deploy', 'Moby 1', '--as', 'later', '--wait')
  const orders = () => listDeployments(here.board.db, { model_name: 'later' })
  await eventually(async () => (await orders())[0])
  process.emit('SIGTERM')
  const { code, stderr } = await waiting
  expect([code, stderr]).toEqual([1, expect.stringContaining('The agent still ships it.')])
  await ship()
  expect((await orders())[0]).toMatchObject({ status: 'done' })
})

test('what is missing for serving is said, and is taken from a named folder', async () => {
  await writeFiles(join(here.path, 'base'), { 'config.json': '{}', 'notes.txt': 'x' })
  const words = ['--as', 'whole', '--contents', 'whole', '--with-files-from', 'base', '--wait']
  const waiting = run('deploy', 'Moby 1', ...words)
  await eventually(async () => (await ship()) || undefined)
  const { code, stdout, stderr } = await waiting
  expect([code, stderr]).toEqual([0, expect.stringContaining('It has no config.json')])
  const names = await readdir(stdout.trim())
  expect(names).toEqual(expect.arrayContaining(['config.json', 'trainer_state.json']))
  expect(names).not.toContain('notes.txt')
})

test('with --if-better nothing is ordered and the code is 3, unless it is better than what is live', async () => {
  const words = ['deploy', 'Moby 1', '--as', 'nightly', '--if-better']
  expect((await run(...words, '--checkpoint', '100', '--reason', 'a test')).code).toBe(0)
  await ship()
  expect((await run(...words)).code).toBe(0)
  await ship()
  const again = await run(...words)
  expect([again.code, again.stdout]).toEqual([3, ''])
  expect(again.stderr).toContain('Nothing is shipped to folder, because a condition does not hold.')
  expect(again.stderr).toContain('This checkpoint is live there now. Another one must be better.')
  const told = await run(...words, '--json')
  const [check] = JSON.parse(told.stdout).held_back
  expect([told.code, check]).toMatchObject([
    3,
    { code: 'better_than_live', passes: false, reason: 'same_checkpoint' },
  ])
  expect(await listDeployments(here.board.db, { model_name: 'nightly' })).toHaveLength(2)
})

test('if --wait is stopped before the approval, the command does not say that the agent ships it', async () => {
  const { db, host_id } = here.board
  const conditions = { approved: true } as const
  await publishTargets(db, host_id, [{ name: 'prod', kind: 'folder', place: '/srv', conditions }])
  const words = ['--target', 'prod', '--as', 'unapproved', '--by', 'ana']
  const waiting = run('deploy', 'Moby 1', ...words, '--wait')
  await eventually(async () => (await listDeployments(db, { model_name: 'unapproved' }))[0])
  process.emit('SIGTERM')
  const { code, stderr } = await waiting
  expect([code, stderr]).toEqual([1, expect.stringContaining('It still waits for the approval.')])
  expect(stderr).not.toContain('The agent still ships it.')
})

test('an order to a target that needs an approval says that it waits, and how to approve it', async () => {
  const { db, host_id } = here.board
  const conditions = { approved: true } as const
  await publishTargets(db, host_id, [{ name: 'prod', kind: 'folder', place: '/srv', conditions }])
  const words = ['--target', 'prod', '--as', 'guarded', '--by', 'ana']
  const { code, stderr } = await run('deploy', 'Moby 1', ...words)
  expect(code).toBe(0)
  expect(stderr).toContain(
    'It waits for the approval of a second person: another one than ana approves it on the page Models, under guarded.',
  )
  expect(await ship()).toBe(false)
  const [order] = await listDeployments(db, { model_name: 'guarded' })
  const { job_id, deployment_id } = order!
  expect((await run('models', 'guarded')).stdout).toContain(
    'waits for the approval of a second person',
  )
  await approveDeployment(db, { job_id, deployment_id, by: 'max' })
  expect(await ship()).toBe(true)
})

test('what cannot be shipped is said in one sentence', async () => {
  const vectors: [words: string[], code: number, message: string][] = [
    [['bare'], 1, 'bare has no best checkpoint. Name one with --checkpoint.'],
    [['Moby 1', '--checkpoint', '100'], 2, 'The best is step 200. Give a reason for shipping'],
    [['Moby 1', '--checkpoint', '7'], 2, 'Moby 1 has no checkpoint "7". It has checkpoint-100'],
    [['Moby 1', '--target', 'nowhere'], 2, 'has no target "nowhere". `bestmark targets` lists'],
    [['Moby 1', '--as', '../x'], 2, 'A model name begins with a letter or a digit.'],
  ]
  for (const [words, code, message] of vectors) {
    const ran = await run('deploy', ...words)
    expect([words, ran.code, ran.stderr]).toEqual([words, code, expect.stringContaining(message)])
  }
})
