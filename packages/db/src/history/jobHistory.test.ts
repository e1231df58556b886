import { afterAll, beforeAll, expect, test } from 'vitest'
import { createDeployment } from '../deployments/order.ts'
import { changePolicy } from '../policies/policies.ts'
import { listCheckpoints } from '../selection/checkpoints.ts'
import { type TestDatabase, testDatabase } from '../testing.ts'
import { checkpoint, evaluation, event, newJob, recordEvents, started } from '../testRun.ts'
import { jobHistory, newestFirst } from './jobHistory.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db[Symbol.asyncDispose]())

test('a history has attempts, scores, policies and shipments, with who and why, newest first', async () => {
  const job_id = await newJob(db)
  const scored = { attempt: 0, step: 100, epoch: null, at: 3_000, scored_by: 'ana' }
  await recordEvents(
    db,
    job_id,
    started(),
    evaluation(100, 2),
    checkpoint(100),
    event({ type: 'evaluation', ...scored, values: { eval_f1: 0.5, eval_em: NaN } }),
    event({ type: 'ended', at: 4_000, status: 'failed', error: 'out of memory' }),
  )
  await changePolicy(db, { job_id }, { policy: 'lowest_eval_loss', options: {} }, 'ben')
  const [best] = await listCheckpoints(db, job_id)
  await createDeployment(db, {
    job_id,
    checkpoint_id: best?.checkpoint_id ?? '',
    model_name: 'moby',
  })
  const history = await jobHistory(db, job_id)
  expect(history.map(({ kind }) => kind)).toEqual([
    ...['shipped', 'policy', 'registered', 'ended', 'scored', 'started'],
  ])
  const [shipped, policy, , end, score] = history
  expect(shipped).toMatchObject({ deployment: { model_name: 'moby', is_best: true } })
  expect(policy).toMatchObject({ change: { by: 'ben', policy: 'lowest_eval_loss' } })
  expect(end).toMatchObject({ attempt: 0, status: 'failed', error: 'out of memory' })
  expect(score).toMatchObject({ step: 100, by: 'ana', values: { eval_f1: 0.5, eval_em: NaN } })
})

test('if entries have one time, the last is the newest; entries without a time come last', () => {
  const entry = (at: number | null, attempt: number) => {
    return { kind: 'started' as const, at, attempt, resumed_from: null }
  }
  const order = newestFirst([entry(null, 0), entry(5, 1), entry(5, 2), entry(null, 3), entry(9, 4)])
  expect(order.map((one) => one.kind === 'started' && one.attempt)).toEqual([4, 2, 1, 3, 0])
})
