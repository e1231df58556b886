import { randomUUID } from 'node:crypto'
import { isFiniteMeasure, type TrainingEvent } from '@bestmark/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { selectionOf } from '../selection/selection.ts'
import { type TestDatabase, testDatabase } from '../testing.ts'
import {
  checkpoint,
  evaluation,
  event,
  metrics,
  newJob,
  started,
  recordEvents,
} from '../testRun.ts'
import { JobUnknown } from '../values/refused.ts'
import { compareJobs } from './compareJobs.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db[Symbol.asyncDispose]())

/** A job with a loss and a checkpoint at every hundred steps. */
async function trained(name: string, losses: unknown[], project = 'sweep'): Promise<string> {
  const job_id = await newJob(db, { name, project, root: `/runs/${name}` })
  const events = losses.flatMap((loss, at): TrainingEvent[] => {
    const step = 100 * (at + 1)
    return [metrics(step, { loss: 1 / step }), evaluation(step, loss), checkpoint(step)]
  })
  const begun = event({ type: 'started', config: { name, lr: losses.length }, total_steps: 900 })
  await recordEvents(db, job_id, begun, ...events)
  return job_id
}

test("a comparison has the same best as each job's page, with its path", async () => {
  const one = await trained('one', [3, 2, 2.5])
  const two = await trained('two', [2.9, 'NaN', 1.5])
  const { comparison, best_paths, statuses, found } = await compareJobs(db, { job_ids: [one, two] })
  for (const run of comparison.runs) {
    const selection = await selectionOf(db, run.job_id)
    expect(run).toMatchObject({ best: selection?.best, reason: selection?.reason })
    expect(best_paths[run.job_id]).toBe(statuses[run.job_id]?.best_checkpoint_path)
  }
  expect(comparison.best).toMatchObject({ job_id: two, checkpoint: { step: 300, value: 1.5 } })
  expect(best_paths[two]).toBe('/runs/two/checkpoint-300')
  expect(comparison.config.map(({ name }) => name)).toEqual(['name'])
  expect(found).toBe(2)
})

test('options from files beside the log, such as the command line, are compared too', async () => {
  const [one, two] = [await trained('slow', [3]), await trained('fast', [2])]
  for (const [job_id, dropout] of [
    [one, 0.1],
    [two, 0.2],
  ] as const) {
    const environment = {}
    await recordEvents(db, job_id, event({ type: 'setup', config: { dropout }, environment }))
  }
  const { comparison } = await compareJobs(db, { job_ids: [one, two] })
  const option = comparison.config.find(({ name }) => name === 'dropout')
  expect(option?.values).toEqual({ [one]: 0.1, [two]: 0.2 })
})

test('a policy that uses the training loss decides the same alone and in a comparison', async () => {
  const job_id = await trained('weighed', [3, 2, 2.5])
  await db.sql`update training_jobs set selection_policy = 'scored',
    policy_options = '{"coefficients": {"loss_gap": 1}}' where job_id = ${job_id}`
  const { comparison } = await compareJobs(db, { job_ids: [job_id] })
  const selection = await selectionOf(db, job_id)
  expect(selection?.best?.score).not.toBeNull()
  expect(comparison.runs[0]).toMatchObject({ best: selection?.best, reason: selection?.reason })
})

test('a comparison of a project has all of its jobs, and no other job', async () => {
  const ids = [await trained('a', [3], 'qa'), await trained('b', [2], 'qa')]
  await trained('c', [1], 'qa-2')
  await newJob(db, { project: 'qa', name: 'empty' })
  const { comparison, found } = await compareJobs(db, { project: 'qa' })
  expect(found).toBe(3)
  expect(comparison.best?.job_id).toBe(ids[1])
  expect(comparison.runs.map(({ name }) => name)).toEqual(['b', 'a', 'empty'])
  const none = await compareJobs(db, { project: 'nobody' })
  expect(none.comparison).toMatchObject({ runs: [], best: null })
})

test('if there are too many jobs, the newest are compared, and the number of all is shown', async () => {
  for (const name of ['old', 'new', 'newest']) await trained(name, [1, 2], 'many')
  const few = await compareJobs(db, { project: 'many' }, {}, { jobs: 2, values: 100 })
  expect(few.comparison.runs.map(({ name }) => name).sort()).toEqual(['new', 'newest'])
  expect(few.found).toBe(3)
  const small = await compareJobs(db, { project: 'many' }, {}, { jobs: 9, values: 3 })
  expect(small.comparison.runs.map(({ name }) => name)).toEqual(['newest'])
})

test('a job that is not on the board is refused by its id, and a repeated job counts once', async () => {
  const job_id = await trained('twice', [1])
  const unknown = randomUUID()
  await expect(compareJobs(db, { job_ids: [job_id, unknown] })).rejects.toThrow(JobUnknown)
  expect((await compareJobs(db, { job_ids: [job_id, job_id] })).comparison.runs).toHaveLength(1)
})

test('a curve shows the deciding or the requested metric, joined, and keeps its best point', async () => {
  const losses = Array.from({ length: 1_000 }, (_, at) => (at === 654 ? 0.5 : 2 + Math.sin(at)))
  const long = await trained('long', losses)
  const resumed = await trained('resumed', [3, 2, 1])
  await recordEvents(db, resumed, started(1, 200), evaluation(300, 1.5, 1))
  await recordEvents(
    db,
    resumed,
    event({ type: 'evaluation', step: 100, values: { eval_f1: 0.5 } }),
  )
  const { curves } = await compareJobs(db, { job_ids: [long, resumed] })
  expect(curves[long]?.steps.length).toBeLessThanOrEqual(410)
  expect([...(curves[long]?.steps ?? [])]).toContain(65_500)
  expect([...(curves[resumed]?.values ?? [])]).toEqual([3, 2, 1.5])
  expect([...(curves[long]?.values ?? [])].every(isFiniteMeasure)).toBe(true)
  const f1 = await compareJobs(db, { job_ids: [long, resumed] }, { metric: 'eval_f1' })
  expect(Object.keys(f1.curves)).toEqual([resumed])
})
