import { afterAll, beforeAll, expect, test } from 'vitest'
import { listCheckpoints } from '../selection/checkpoints.ts'
import { createDeployment } from '../deployments/order.ts'
import { claimExample, examples, removeExamples } from './examples.ts'
import { jobDetail } from './jobDetail.ts'
import { jobStatus } from './jobs.ts'
import { changePolicy } from '../policies/policies.ts'
import { readSeries } from '../series/series.ts'
import { type TestDatabase, testDatabase } from '../testing.ts'
import { checkpoint, evaluation, metrics, newJob, recordEvents } from '../testRun.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db[Symbol.asyncDispose]())

async function trained(): Promise<string> {
  const job_id = await newJob(db)
  await recordEvents(db, job_id, metrics(1, { loss: 2 }), evaluation(1, 0.4), checkpoint(1))
  return job_id
}

test('examples are removed with everything recorded of them, and nothing else is removed', async () => {
  const [trainedHere, example, shipped] = [await trained(), await trained(), await trained()]
  expect(await examples(db)).toEqual([])
  for (const job_id of [example, shipped]) expect(await claimExample(db, job_id)).toBe(true)
  expect(await claimExample(db, example)).toBe(false)
  expect(await jobDetail(db, trainedHere)).toMatchObject({ is_example: false })
  expect(await jobDetail(db, example)).toMatchObject({ is_example: true })
  await changePolicy(db, { job_id: example }, { policy: 'lowest_eval_loss', options: {} }, 'ann')
  const [saved] = await listCheckpoints(db, shipped)
  const checkpoint_id = saved?.checkpoint_id ?? ''
  await createDeployment(db, { job_id: shipped, checkpoint_id, model_name: 'whale' })
  expect(await examples(db)).toEqual([example, shipped].sort())

  expect(await removeExamples(db)).toBe(1)
  expect(await jobStatus(db, example)).toBeUndefined()
  expect(await readSeries(db, example, { names: ['loss'], points: 10 })).toMatchObject([
    { count: 0 },
  ])
  expect(await jobStatus(db, trainedHere)).toMatchObject({ best_step: 1 })
  expect(await jobStatus(db, shipped)).toMatchObject({ best_step: 1 })
  expect(await removeExamples(db)).toBe(0)
})
