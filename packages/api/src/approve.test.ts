import { publishTargets } from '@bestmark/db'
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Caller, LINK } from './caller.ts'
import { createCaller } from './root.ts'
import { type TestBoard, testBoard } from './testing.ts'

let board: TestBoard
let api: ReturnType<typeof createCaller>
beforeAll(async () => {
  board = await testBoard()
  api = createCaller({ db: board.db, caller: LINK })
})
afterAll(() => board[Symbol.asyncDispose]())

const evaluation = (step: number, eval_loss: number) =>
  ({ type: 'evaluation', step, values: { eval_loss } }) as const
const checkpoint = (step: number) =>
  ({ type: 'checkpoint', step, path: `checkpoint-${step}`, files_state: 'complete' }) as const

test('a second person approves an order, by the name of the account or by the given one; no program does', async () => {
  const job_id = await board.newJob()
  await board.recordEvents(job_id, evaluation(1, 1), checkpoint(1))
  const { best_checkpoint_id } = await api.jobs.status({ job_id })
  const chosen = { job_id, checkpoint_id: best_checkpoint_id ?? '' }
  const { host_id } = await api.deployments.create({ ...chosen, model_name: 'free' })
  const conditions = { approved: true } as const
  const prod = { name: 'prod', kind: 'folder', place: '/srv', conditions } as const
  await publishTargets(board.db, host_id ?? '', [prod])
  const ids = new Map<string, string>()
  const person = (name: string): Caller => {
    const person_id = ids.get(name) ?? randomUUID()
    ids.set(name, person_id)
    return { ...LINK, kind: 'person', person_id, name }
  }
  const callerOf = (caller: Caller) => createCaller({ db: board.db, caller })
  const what = { ...chosen, target: 'prod' }
  const order = () => callerOf(person('Ana')).deployments.create({ ...what, model_name: 'moby' })
  const { deployment_id } = await order()
  const key = { job_id, deployment_id }
  const cause = (code: string) => ({ code: 'BAD_REQUEST', cause: { code } })
  // A given name does not hide who is signed in.
  const asMax = callerOf(person('Ana')).deployments.approve({ ...key, by: 'max' })
  await expect(asMax).rejects.toMatchObject(cause('same_person'))
  const byLink = api.deployments.approve({ ...key, by: ' ana ' })
  await expect(byLink).rejects.toMatchObject(cause('same_person'))
  await expect(api.deployments.approve(key)).rejects.toMatchObject(cause('no_name'))
  const program = callerOf({ ...LINK, kind: 'token', name: 'ci', scope: 'write' })
  const byProgram = program.deployments.approve({ ...key, by: 'max' })
  await expect(byProgram).rejects.toMatchObject(cause('not_a_person'))
  const listed = await api.deployments.list({ model_name: 'moby' })
  expect(listed.deployments).toMatchObject([{ needs_approval: true, approved_at: null }])
  const approved = await callerOf(person('Max')).deployments.approve(key)
  expect(approved).toMatchObject({ by: 'Ana', approved_by: 'Max' })
  const other = await order()
  const given = { job_id, deployment_id: other.deployment_id, by: 'max' }
  expect(await api.deployments.approve(given)).toMatchObject({ approved_by: 'max' })
})
