import { join } from 'node:path'
import {
  advanceDeployment,
  claimDeployment,
  createDeployment,
  listCheckpoints,
  listJobs,
} from '@bestmark/db'
import { beforeAll, expect, test } from 'vitest'
import { testBoard } from '../board/testing.ts'
import { writeOutput } from '../testing.ts'
import { command } from './testing.ts'

const here = testBoard()
const run = (...words: string[]) => command(words, { cwd: here.path, env: here.env })

/** Ends the oldest order as the agent of this machine would. */
async function end(): Promise<void> {
  const { db, host_id } = here.board
  const order = await claimDeployment(db, host_id)
  if (!order) throw new Error('nothing was ordered')
  const { job_id, deployment_id, held } = order
  const absolute_path = `/models/chat/${deployment_id}`
  const bytes = { bytes_done: 1, bytes_total: 1, digest: 'd' }
  await advanceDeployment(db, {
    ...{ job_id, deployment_id, held, absolute_path },
    status: 'done',
    ...bytes,
  })
}

async function order(name: string, step: number): Promise<void> {
  const { jobs } = await listJobs(here.board.db, {})
  const { job_id = '' } = jobs.find((job) => job.name === name) ?? {}
  const rows = await listCheckpoints(here.board.db, job_id)
  const { checkpoint_id = '' } = rows.find((row) => row.step === step) ?? {}
  const what = { job_id, checkpoint_id, model_name: 'chat', by: 'ana', why: 'a test' }
  await createDeployment(here.board.db, what)
}

async function ship(name: string, step: number): Promise<void> {
  await order(name, step)
  await end()
}

beforeAll(async () => {
  for (const [name, best] of [
    ['one', 2],
    ['two', 1.5],
  ] as const) {
    const log = [
      { step: 100, eval_loss: 3 },
      { step: 200, eval_loss: best },
    ]
    await writeOutput(join(here.path, name), { saves: [100, 200], log })
  }
})

test('before anything was shipped, the exit code is 1 and a sentence says what to do', async () => {
  const { code, stdout, stderr } = await run('models')
  expect([code, stdout]).toEqual([1, ''])
  expect(stderr).toContain('Deploy a checkpoint on its page.')
})

test('what is live is shown with what is better, rolled back, and checked', async () => {
  await run('import', 'one', 'two', '--project', 'chat')
  await ship('one', 100)
  await ship('one', 200)
  const shown = (await run('models')).stdout
  expect(shown).toContain('  step 200 of one, eval_loss 2\n')
  expect(shown).toContain('A better one exists: step 200 of two, 0.5 lower.')
  expect(shown).not.toContain('History:')
  const back = await run('models', 'chat', '--roll-back', '--by', 'bo', '--reason', 'shorter')
  expect([back.code, back.stderr]).toEqual([
    0,
    'Ordered: chat goes back to step 100 of one, eval_loss 3.\n',
  ])
  await end()
  const whole = (await run('models', 'chat')).stdout
  expect(whole).toContain('  step 100 of one, eval_loss 3\n')
  expect(whole).toContain(', by bo\n')
  expect(whole).toMatch(/History:\n.*rolled back to step 100 of one, eval_loss 3: done \(shorter\)/)
  const checked = await run('models', 'chat', '--verify')
  expect(checked.stderr).toMatch(
    /^Ordered: the files of step 100 of one, eval_loss 3 on .* are compared/,
  )
  const [line = ''] = (await run('models', '--json')).stdout.trim().split('\n')
  expect(JSON.parse(line)).toMatchObject({
    model_name: 'chat',
    live: [{ entry: { step: 100, by: 'bo' }, check: { state: 'queued' } }],
  })
})

test('an order that cannot be done is refused with what to do', async () => {
  const why = async (...words: string[]) => {
    const { code, stderr } = await run('models', ...words)
    return `${code} ${stderr}`
  }
  expect(await why('chatt')).toContain('2 bestmark: No model is called "chatt". Names: chat.')
  expect(await why('--verify')).toContain('--verify needs the name of a model.')
  expect(await why('chat', '--verify', '--roll-back')).toContain('Give only one of')
  expect(await why('chat', '--withdraw')).toContain('2 bestmark: No order of chat waits')
})

test('orders that no agent has begun are withdrawn, and the history says by whom', async () => {
  await order('two', 200)
  const withdrawn = await run('models', 'chat', '--withdraw', '--by', 'bo')
  expect([withdrawn.code, withdrawn.stderr]).toEqual([
    0,
    expect.stringMatching(/^Withdrawn: step 200 of two, eval_loss 1.5 to folder on .*\.\n$/),
  ])
  expect(await claimDeployment(here.board.db, here.board.host_id)).toBeUndefined()
  const whole = (await run('models', 'chat')).stdout
  expect(whole).toMatch(/shipped step 200 of two, eval_loss 1.5: withdrawn by bo \(a test\)/)
})
