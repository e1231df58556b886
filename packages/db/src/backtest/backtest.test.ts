import { backtest, contextOf, rowsFrom, type TrainingEvent } from '@bestmark/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { backtestJobs, backtestTargets } from './backtest.ts'
import { checkpointsOf } from '../selection/checkpoints.ts'
import type { Database } from '../connection/client.ts'
import { finishedRuns } from './finishedRuns.ts'
import { changeJob } from '../rows/job.ts'
import { jobDetail } from '../jobs/jobDetail.ts'
import { changePolicy, policyHistory } from '../policies/policies.ts'
import { replayApart, replayHere } from './replay.ts'
import { type TestDatabase, testDatabase } from '../testing.ts'
import { checkpoint, event, metrics, newJob, started, recordEvents } from '../testRun.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db[Symbol.asyncDispose]())

const LENGTH = 6
const ended = event({ type: 'ended', at: 9_000, status: 'completed' })

/** A run whose loss, accuracy and train loss are in random order; F1 follows the accuracy. */
function run(salt: number): TrainingEvent[] {
  const [lowest, highest] = [salt % (LENGTH - 1), (salt + 2) % (LENGTH - 1)]
  const steps = Array.from({ length: LENGTH }, (_, index) => index)
  const events = steps.flatMap((index) => {
    const eval_loss = index === lowest ? -100 : -((index * 7 + salt * 3) % 11)
    const eval_accuracy = index === highest ? 100 : (index * 7 + (salt + 5) * 3) % 11
    const values = { eval_loss, eval_accuracy, eval_f1: Math.tanh(eval_accuracy / 20) }
    const step = 100 * (index + 1)
    return [metrics(step - 50, { loss: index ** 2 }), event({ type: 'evaluation', step, values })]
  })
  return [started(), ...events, ended]
}

/**
 * Two finished runs for each of some projects. The same salt gives the same runs under any prefix.
 */
async function history(
  on: Database,
  prefix: string,
  projects: number,
  from = 0,
): Promise<Map<string, TrainingEvent[]>> {
  const byName = new Map<string, TrainingEvent[]>()
  for (let salt = from; salt < from + 2 * projects; salt++) {
    const name = `${prefix} ${salt}`
    const job_id = await newJob(on, { name, project: `${prefix} ${salt % projects}` })
    await recordEvents(on, job_id, ...run(salt))
    byName.set(name, run(salt))
  }
  return byName
}

test('if no job has ended, there is nothing to replay, and the error says so', async () => {
  const job_id = await newJob(db, { project: 'young' })
  await recordEvents(db, job_id, ...run(0).slice(0, -1))
  await expect(backtestJobs(db, { target: 'task' })).rejects.toThrow('has ended')
  expect(await backtestTargets(db)).toEqual([])
  const choice = { policy: 'scored', options: {} } as const
  await expect(changePolicy(db, { job_id }, choice, 'ana')).rejects.toThrow('has ended')
})

test('finished jobs and their events replay the same, with a project as a group', async () => {
  const byName = await history(db, 'events', 2)
  const { runs, found } = await finishedRuns(db, 'events 0')
  expect([runs.length, found]).toEqual([2, 2])
  const options = { target: 'accuracy', project: 'events 1' }
  const direct = [...byName]
    .filter((_, index) => index % 2 === 1)
    .map(([name, events]) => {
      const group = 'events 1'
      const [rows, context] = [rowsFrom(events), contextOf(events)]
      return { name, group, rows, context, among: 'evaluations' as const }
    })
  const { target } = options
  expect(await backtestJobs(db, options)).toEqual(backtest(direct, { target }))
})

test('a separate process gives the same answer', async () => {
  await history(db, 'apart', 3)
  const { runs } = await finishedRuns(db)
  const order = { runs, options: { target: 'accuracy' } }
  expect(await replayApart(order)).toEqual(replayHere(order))
  const broken = { runs: [{}], options: {} } as unknown as typeof order
  await expect(replayApart(broken)).rejects.toThrow('The backtest process ended with 1.')
})

test('a job with enough complete checkpoints is replayed over those', async () => {
  const job_id = await newJob(db, { project: 'kept' })
  const steps = [100, 200, 300, 400]
  await recordEvents(db, job_id, ...run(1), ...steps.map((step) => checkpoint(step)))
  const { replayed } = await backtestJobs(db, { target: 'accuracy', project: 'kept' })
  expect(replayed).toMatchObject([{ among: 'checkpoints', candidates: steps.length }])
})

test('if there are very many jobs, the newest are replayed, and the text says so', async () => {
  await history(db, 'many', 1)
  const query = { target: 'accuracy', project: 'many 0' }
  const [one] = (await finishedRuns(db, query.project)).runs
  const values = one?.rows.evaluations.reduce((sum, row) => sum + Object.keys(row.values).length, 0)
  for (const most of [
    { jobs: 1, values: Infinity },
    { jobs: Infinity, values: values ?? 0 },
  ]) {
    const { replayed, text } = await backtestJobs(db, query, most)
    expect(replayed).toMatchObject([{ name: one?.name }])
    expect(text).toContain('Only the newest 1 of 2 finished jobs were replayed.')
  }
})

test('possible targets are listed with the number of jobs that measured them', async () => {
  await history(db, 'targets', 1)
  const job_id = await newJob(db, { project: 'targets 0' })
  const values = { eval_wer: 1, eval_runtime: 2, eval_wer_stderr: 3 }
  await recordEvents(db, job_id, event({ type: 'evaluation', step: 1, values }), ended)
  expect(await backtestTargets(db, 'targets 0')).toEqual([
    { metric: 'eval_accuracy', jobs: 2 },
    { metric: 'eval_f1', jobs: 2 },
    { metric: 'eval_loss', jobs: 2 },
    { metric: 'eval_wer', jobs: 1 },
  ])
  await expect(backtestJobs(db, { project: 'targets 0', target: 'bleu' })).rejects.toThrow(
    'No finished job of targets 0 measured bleu. Measured: eval_accuracy (2), eval_f1 (2), ' +
      'eval_loss (2), eval_wer (1).',
  )
})

test("policy scored is accepted only with the coefficients that the board's backtest recommends", async () => {
  await using board = await testDatabase()
  await history(board, 'poor', 2)
  const job_id = await newJob(board, { project: 'poor 0' })
  await recordEvents(
    board,
    job_id,
    ...run(7),
    ...[1, 2, 3, 4, 5, 6].map((index) => checkpoint(100 * index)),
  )
  const scored = { policy: 'scored', options: { coefficients: { age: 1 } } } as const
  await expect(changePolicy(board, { job_id }, scored, 'ana')).rejects.toThrow('at least 6 groups')
  expect(await policyHistory(board, { job_id })).toEqual([])
  await history(board, 'rich', 6, 10)
  const verdict = (await backtestJobs(board, { target: 'task' })).scored
  expect(verdict.recommended).toBe(true)
  await changePolicy(board, { job_id }, scored, 'ana')
  const detail = await jobDetail(board, job_id)
  expect(detail?.policy_options.coefficients).toEqual(verdict.coefficients)
  expect(detail?.policy_options.coefficients).not.toEqual(scored.options.coefficients)
  const list = await checkpointsOf(board, job_id)
  const scores = list?.selection.ranking.map(({ score }) => score) ?? []
  expect(scores).toHaveLength(6)
  expect(scores).toEqual([...scores].sort((a, b) => (a ?? 0) - (b ?? 0)))
})

test('policy scored uses the stored training losses', async () => {
  const job_id = await newJob(db, { project: 'weighed' })
  const saved = [1, 2, 3, 4, 5, 6].map((index) => checkpoint(100 * index))
  await recordEvents(db, job_id, ...run(3), ...saved)
  await changeJob(db, job_id, async () => {
    const policy_options = { coefficients: { loss_gap: 1 } }
    return { set: { selection_policy: 'scored', policy_options }, answer: undefined }
  })
  await recordEvents(db, job_id, checkpoint(700))
  const { selection, checkpoints } = (await checkpointsOf(db, job_id)) ?? {}
  const gaps = checkpoints?.flatMap(({ values, train_loss, step }) => {
    const gap = (values['eval_loss'] ?? NaN) - (train_loss ?? NaN)
    return Number.isFinite(gap) ? [{ step, gap }] : []
  })
  const [smallest] = gaps?.sort((a, b) => a.gap - b.gap) ?? []
  expect(gaps).toHaveLength(6)
  expect(selection?.best?.step).toBe(smallest?.step)
})
