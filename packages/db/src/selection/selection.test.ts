import { rowsFrom, select, type TrainingEvent } from '@bestmark/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { checkpointsOf, listCheckpoints } from './checkpoints.ts'
import type { JobChanges } from '../rows/job.ts'
import { jobStatus } from '../jobs/jobs.ts'
import { registerJob } from '../jobs/registration.ts'
import { selectionOf } from './selection.ts'
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

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db[Symbol.asyncDispose]())

const files = (step: number, files_state: string, files_why: string | null = null, attempt = 0) =>
  event({ type: 'files', attempt, step, path: `checkpoint-${step}`, files_state, files_why })

test('after every event the row names the checkpoint that the stored rows select', async () => {
  const job_id = await newJob(db)
  const events: TrainingEvent[] = [
    started(),
    checkpoint(100),
    evaluation(100, 1),
    evaluation(200, 'NaN'),
    checkpoint(200),
    evaluation(300, 0.5),
    checkpoint(400),
    evaluation(400, 0.8),
    files(400, 'missing', 'rotated away'),
    evaluation(500, 0.8),
    checkpoint(500),
    files(400, 'complete'),
    event({ type: 'claim', path: 'checkpoint-200', step: 200, value: 0.5, at: null }),
    files(400, 'broken', 'model.safetensors is cut short'),
  ]
  const best: (number | null)[] = []
  for (const one of events) {
    await recordEvents(db, job_id, one)
    const selection = await selectionOf(db, job_id)
    const status = await jobStatus(db, job_id)
    expect(status).toMatchObject({
      best_step: selection?.best?.step ?? null,
      best_checkpoint_id: selection?.best?.checkpoint_id ?? null,
      best_metric: selection?.best?.value ?? null,
    })
    best.push(status?.best_step ?? null)
  }
  const ns = [null, null, 100, 100, 100, 100, 100, 400, 100, 100, 500, 400, 400, 500]
  expect(best).toEqual(ns)
})

test('only the selection may set the selected fields', () => {
  // @ts-expect-error best_step belongs to reselect alone
  const changes: JobChanges = { best_step: 1 }
  expect(Object.keys(changes)).toEqual(['best_step'])
})

test('a best checkpoint without files is skipped, and is best again when its files return', async () => {
  const job_id = await newJob(db)
  await recordEvents(
    db,
    job_id,
    evaluation(1, 0.4),
    checkpoint(1),
    evaluation(2, 0.5),
    checkpoint(2),
  )
  await recordEvents(db, job_id, files(1, 'missing', 'the folder is gone'))
  const rows = await listCheckpoints(db, job_id)
  expect(rows.map(({ step, is_best }) => [step, is_best])).toEqual([
    [1, false],
    [2, true],
  ])
  expect(rows[0]?.why_not).toContain('the folder is gone')
  await recordEvents(db, job_id, files(1, 'complete'))
  expect((await jobStatus(db, job_id))?.best_step).toBe(1)
})

test('a path that is saved again belongs only to the later checkpoint', async () => {
  const job_id = await newJob(db)
  const save = (step: number, attempt: number) => checkpoint(step, attempt, 'best.ckpt')
  await recordEvents(
    db,
    job_id,
    started(),
    evaluation(1, 0.1),
    save(1, 0),
    evaluation(2, 0.2),
    save(2, 0),
  )
  await recordEvents(db, job_id, started(1, 1), evaluation(2, 0.3, 1), save(2, 1))
  const why = async () =>
    (await listCheckpoints(db, job_id)).map(({ attempt, step, files_state, files_why }) => {
      return [attempt, step, files_state, files_why]
    })
  const expected = [
    [0, 1, 'missing', 'overwritten at step 2'],
    [0, 2, 'missing', 'overwritten by attempt 1'],
    [1, 2, 'complete', null],
  ]
  expect(await why()).toEqual(expected)
  expect(await jobStatus(db, job_id)).toMatchObject({ best_step: 2, best_metric: 0.3 })
  // There are files at the path, but they are not those of these rows.
  const seen = { type: 'files', path: 'best.ckpt', files_state: 'complete' } as const
  await recordEvents(
    db,
    job_id,
    event({ ...seen, step: 1 }),
    event({ ...seen, step: 2 }),
    save(1, 0),
  )
  expect(await why()).toEqual(expected)
})

test('if two checkpoints have one step, the first saved wins; a path belongs to its last save', async () => {
  const runs = [
    [started(), evaluation(1, 0.1), checkpoint(1, 0, 'step-1'), checkpoint(1, 0, 'best')],
    [started(), ...[3, 2].flatMap((step) => [evaluation(step, step), checkpoint(step, 0, 'best')])],
  ]
  const best: (string | null | undefined)[] = []
  for (const events of runs) {
    const [apart, together] = [await newJob(db), await newJob(db)]
    for (const one of events) await recordEvents(db, apart, one)
    await recordEvents(db, together, ...events)
    const rows = rowsFrom(events)
    for (const job_id of [apart, together]) {
      const selection = await selectionOf(db, job_id)
      const mine = select({ policy: 'as_declared', ...rows })
      expect(selection?.reason).toBe(mine.reason)
      expect(selection?.best?.path).toBe(mine.best?.path)
      best.push(`${selection?.best?.step} ${selection?.best?.path}`)
      const found = await listCheckpoints(db, job_id)
      const states = (all: readonly { step: number | null; files_why: string | null }[]) =>
        all.map(({ step, files_why }) => `${step} ${files_why}`).sort()
      expect(states(found)).toEqual(states(rows.checkpoints))
    }
  }
  expect(best).toEqual(['1 step-1', '1 step-1', '2 best', '2 best'])
})

test('each checkpoint has the reason why it is not the best', async () => {
  const job_id = await newJob(db)
  await recordEvents(
    db,
    job_id,
    ...[metrics(1, { loss: 3 }), metrics(2, { loss: 2 }), metrics(4, { loss: 1 })],
    ...[evaluation(1, 0.5183), evaluation(2, 0.5), evaluation(3, 0.5), evaluation(4, 'NaN')],
    ...[1, 2, 3, 4, 5].map((step) => checkpoint(step)),
    event({ type: 'checkpoint', step: null, path: 'last', role: 'last', files_state: 'complete' }),
  )
  const rows = await listCheckpoints(db, job_id)
  expect(rows.map(({ step, why_not }) => [step, why_not])).toEqual([
    [1, 'third: +0.0183'],
    [2, null],
    [3, 'second: same value, but the first one wins'],
    [4, 'eval_loss is NaN at step 4'],
    [5, 'no evaluation at step 5, so it cannot be compared'],
    [null, 'last has no step number, so it cannot be compared'],
  ])
  expect(rows.map(({ train_loss }) => train_loss)).toEqual([3, 2, 2, 1, 1, null])
  expect(rows.map(({ rank }) => rank)).toEqual([3, 1, 2, null, null, null])
  expect(rows.map(({ value }) => value)).toEqual([0.5183, 0.5, 0.5, NaN, null, null])
})

test('status, checkpoint and explanation have the same loss gap, or the same reason for none', async () => {
  const gapsAt = async (train_loss: number) => {
    const job_id = await newJob(db)
    const steps = [100, 200, 300].flatMap((step) => [
      ...[metrics(step, { loss: train_loss }), evaluation(step, step === 100 ? 1.1 : 1)],
      checkpoint(step),
    ])
    await recordEvents(db, job_id, started(), ...steps)
    const list = await checkpointsOf(db, job_id)
    const reading = list?.explanation.readings.find(({ name }) => name === 'loss_gap')
    const gap = list?.checkpoints.find(({ is_best }) => is_best)?.loss_gap
    return [(await jobStatus(db, job_id))?.loss_gap, reading?.value, gap?.value, gap?.missing]
  }
  expect(await gapsAt(1.5)).toEqual([-0.5, -0.5, -0.5, null])
  expect(await gapsAt(8)).toEqual([null, null, null, 'unlike_scales'])
})

test("all paths follow a run's folder that was moved", async () => {
  const job_id = await newJob(db, { root: '/runs/old' })
  await recordEvents(db, job_id, evaluation(1, 0.5), checkpoint(1))
  expect((await jobStatus(db, job_id))?.best_checkpoint_path).toBe('/runs/old/checkpoint-1')
  const options = {
    name: 'another',
    project: 'another',
    status: 'queued',
    source: 'journal',
  } as const
  const location = { host_id: job_id, host: 'workstation', root: '/mnt/new' }
  const status = await registerJob(db, { job_id, ...options, ...location })
  expect(status).toMatchObject({
    best_checkpoint_path: '/mnt/new/checkpoint-1',
    output_dir: '/mnt/new',
    name: 'moby',
    project: 'examples',
    status: 'running',
  })
  expect((await listCheckpoints(db, job_id))[0]?.absolute_path).toBe('/mnt/new/checkpoint-1')
})

test('a metric without a known direction decides nothing and shows no improvement', async () => {
  const job_id = await newJob(db)
  const scored = (step: number, score: number) =>
    event({ type: 'evaluation', step, values: { zork: score } })
  await recordEvents(db, job_id, event({ type: 'started', metric_for_best: 'zork' }))
  await recordEvents(db, job_id, scored(1, 5), checkpoint(1), scored(2, 6), checkpoint(2))
  expect(await jobStatus(db, job_id)).toMatchObject({
    best_step: null,
    evaluations_without_improvement: null,
  })
  expect((await selectionOf(db, job_id))?.reason).toContain('min or max')
})

test('evaluations without improvement are counted in the deciding metric', async () => {
  const job_id = await newJob(db)
  const scored = (step: number, eval_f1: number) =>
    event({ type: 'evaluation', step, epoch: step, values: { eval_f1, eval_loss: 1 / step } })
  await recordEvents(
    db,
    job_id,
    event({ type: 'started', metric_for_best: 'eval_f1', direction: 'max' }),
  )
  await recordEvents(db, job_id, scored(1, 0.5), scored(2, 0.7))
  await recordEvents(db, job_id, scored(3, 0.6), scored(4, NaN), scored(5, 0.7))
  expect(await jobStatus(db, job_id)).toMatchObject({
    evaluations_without_improvement: 2,
    epochs_without_improvement: 3,
    loss_trend: 'falling',
  })
})

test('the stored rows and the events give the same decision', async () => {
  const job_id = await newJob(db)
  const losses = [3, 2.5, NaN, 2.5, 2.1, 2.2, 2.1]
  const events = losses.flatMap((loss, index) => [evaluation(index, loss), checkpoint(index)])
  await recordEvents(db, job_id, ...events)
  const stored = await selectionOf(db, job_id)
  const direct = select({
    policy: 'as_declared',
    declaration: { metric: null, direction: null, declared_by: null },
    claim: null,
    evaluations: losses.map((eval_loss, step) => {
      return { attempt: 0, step, epoch: step / 100, values: { eval_loss }, origin: null }
    }),
    checkpoints: losses.map((_, step) => {
      const path = `checkpoint-${step}`
      const rows = { checkpoint_id: null, attempt: 0, step, path }
      return { ...rows, files_state: 'complete' as const, files_why: null }
    }),
  })
  expect(stored?.reason).toBe(direct.reason)
  expect(stored?.ranking.map(({ step }) => step)).toEqual(direct.ranking.map(({ step }) => step))
})
