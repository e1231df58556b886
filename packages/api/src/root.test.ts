import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { LINK } from './caller.ts'
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

test('every procedure is refused without the token', async () => {
  const stranger = createCaller({ db: board.db, caller: undefined })
  const job_id = randomUUID()
  const closed = [
    () => stranger.jobs.list(),
    () => stranger.jobs.status({ job_id }),
    () => stranger.jobs.detail({ job_id }),
    () => stranger.jobs.logs({ job_id }),
    () => stranger.jobs.compare({ job_ids: [job_id] }),
    () => stranger.jobs.stop({ job_id }),
    () => stranger.series.read({ job_id, names: ['loss'] }),
    () => stranger.series.names({ job_id }),
    () => stranger.checkpoints.list({ job_id }),
    () => stranger.checkpoints.marks({ job_id, from_step: 0, to_step: 1 }),
    () => stranger.checkpoints.explain({ job_id }),
    () => stranger.checkpoints.pin({ job_id, checkpoint_id: job_id, pinned: true }),
    () => stranger.policies.change({ job_id, policy: null, by: 'eve' }),
    () => stranger.policies.history({ job_id }),
    () => stranger.backtest.run({ target: 'task' }),
    () => stranger.backtest.targets(),
    () => stranger.deployments.create({ job_id, checkpoint_id: job_id, model_name: 'm' }),
    () => stranger.deployments.approve({ job_id, deployment_id: job_id }),
    () => stranger.deployments.withdraw({ job_id, deployment_id: job_id }),
    () => stranger.deployments.list(),
    () => stranger.deployments.advice({ job_id, checkpoint_id: job_id }),
    () => stranger.models.list(),
    () => stranger.models.get({ model_name: 'm' }),
    () => stranger.models.rollBack({ job_id, deployment_id: job_id }),
    () => stranger.models.verify({ job_id, deployment_id: job_id }),
    () => stranger.models.ask({ job_id, deployment_id: job_id, prompt: 'x' }),
    () => stranger.watch({ jobs: [job_id] }),
  ]
  for (const call of closed) await expect(call()).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
})

test('a missing job is NOT_FOUND, with its id', async () => {
  const job_id = randomUUID()
  const missing = [
    () => api.jobs.status({ job_id }),
    () => api.jobs.detail({ job_id }),
    () => api.jobs.stop({ job_id }),
    () => api.jobs.compare({ job_ids: [job_id] }),
    () => api.jobs.logs({ job_id }),
    () => api.series.read({ job_id, names: ['loss'] }),
    () => api.series.names({ job_id }),
    () => api.checkpoints.list({ job_id }),
    () => api.checkpoints.marks({ job_id, from_step: 0, to_step: 1 }),
    () => api.checkpoints.explain({ job_id }),
    () => api.checkpoints.pin({ job_id, checkpoint_id: job_id, pinned: true }),
    () => api.policies.change({ job_id, policy: null, by: 'ana' }),
    () => api.policies.history({ job_id }),
    () => api.deployments.create({ job_id, checkpoint_id: job_id, model_name: 'm' }),
  ]
  for (const call of missing) {
    await expect(call()).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: `There is no job ${job_id} on this board.`,
    })
  }
})

test('an impossible request is BAD_REQUEST with a sentence', async () => {
  const job_id = await board.newJob()
  await board.recordEvents(job_id, checkpoint(1), { type: 'ended', status: 'completed' })
  const [row] = (await api.checkpoints.list({ job_id })).checkpoints
  const { checkpoint_id = '' } = row ?? {}
  const code = 'BAD_REQUEST'
  await expect(api.jobs.stop({ job_id })).rejects.toMatchObject({
    code,
    message: 'moby is completed, so there is nothing to stop.',
  })
  const order = { job_id, checkpoint_id, model_name: '../../etc' }
  await expect(api.deployments.create(order)).rejects.toMatchObject({ code })
  await expect(api.jobs.list({ cursor: 'x' })).rejects.toMatchObject({ code })
  await expect(api.jobs.status({ job_id: 'x' })).rejects.toMatchObject({ code })
  await expect(api.series.read({ job_id, names: ['a'], points: 5_001 })).rejects.toMatchObject({
    code,
  })
})

test('the list, the status and the checkpoints agree', async () => {
  const job_id = await board.newJob('story')
  await board.recordEvents(
    job_id,
    {
      type: 'started',
      at: 1_000,
      total_steps: 400,
      loss_unit: 'nats_per_token',
      config: { lr: 1 },
    },
    { type: 'metrics', step: 100, at: 2_000, values: { loss: 1.5, lr: 'NaN' } },
    ...[evaluation(100, 1), checkpoint(100), evaluation(200, 0.5), checkpoint(200)],
    ...[evaluation(300, 0.25), { type: 'log', level: 'info', text: 'hello' } as const],
  )
  const status = await api.jobs.status({ job_id })
  expect(status).toMatchObject({
    name: 'story',
    status: 'running',
    progress: 0.75,
    best_step: 200,
    best_checkpoint_path: '/runs/story/checkpoint-200',
    perplexity: Math.exp(0.25),
  })
  const { jobs, total, curves } = await api.jobs.list({ search: 'story' })
  expect([jobs.length, total]).toEqual([1, 1])
  expect(jobs[0]?.best_checkpoint_id).toBe(status.best_checkpoint_id)
  expect([...(curves[job_id]?.values ?? [])]).toEqual([1, 0.5, 0.25])
  const { checkpoints, selection } = await api.checkpoints.list({ job_id })
  expect(selection.missed_best?.step).toBe(300)
  expect(checkpoints.map(({ step, is_best }) => [step, is_best])).toEqual([
    [100, false],
    [200, true],
  ])
  const read = await api.series.read({ job_id, names: ['loss', 'lr', 'eval_loss'] })
  expect(read.map(({ kind, values }) => [kind, ...values])).toEqual([
    ['logged', 1.5],
    ['logged', NaN],
    ['evaluation', 1, 0.5, 0.25],
  ])
  expect(await api.series.names({ job_id })).toHaveLength(3)
  expect(await api.jobs.logs({ job_id })).toMatchObject({
    lines: [{ level: 'info', text: 'hello' }],
    older: null,
  })
  expect(await api.jobs.detail({ job_id })).toMatchObject({ config: { lr: 1 }, source: 'journal' })
  expect((await api.jobs.stop({ job_id })).status).toBe('stopping')
})

test('a choice is explained in words and as a table, the best first', async () => {
  const job_id = await board.newJob()
  await board.recordEvents(
    job_id,
    evaluation(1, 1),
    checkpoint(1),
    evaluation(2, 0.5),
    checkpoint(2),
  )
  await board.recordEvents(job_id, checkpoint(3))
  const { selection, explanation, table } = await api.checkpoints.explain({ job_id })
  const list = await api.checkpoints.list({ job_id })
  expect({ selection, explanation }).toEqual({
    selection: list.selection,
    explanation: list.explanation,
  })
  expect(explanation.sentence).toBe(selection.reason)
  expect(table.map(({ step, rank }) => [step, rank])).toEqual([
    [2, 1],
    [1, 2],
    [3, null],
  ])
  const rowOf = new Map(list.checkpoints.map((row) => [row.checkpoint_id, row]))
  for (const { checkpoint_id, rank, difference, origin } of table) {
    expect(rowOf.get(checkpoint_id ?? '')).toMatchObject({ rank, difference, origin })
  }
})

test('a policy is changed for a job or its project, and an invalid one is refused with the valid choices', async () => {
  const job_id = await board.newJob('settled')
  await board.recordEvents(
    job_id,
    evaluation(1, 1),
    checkpoint(1),
    evaluation(2, 0.5),
    checkpoint(2),
  )
  const options = { metric: 'eval_loss', direction: 'max' } as const
  const { change, jobs } = await api.policies.change({
    job_id,
    policy: 'metric',
    options,
    by: 'ana',
  })
  expect([change.by, change.policy, jobs]).toEqual(['ana', 'metric', 1])
  expect(await api.jobs.status({ job_id })).toMatchObject({ best_step: 1 })
  expect(await api.jobs.detail({ job_id })).toMatchObject({ policy_from: 'job' })
  await api.policies.change({ project: 'examples', policy: 'lowest_eval_loss', by: 'ben' })
  await api.policies.change({ job_id, policy: null, by: 'ana' })
  expect(await api.jobs.detail({ job_id })).toMatchObject({ policy_from: 'project' })
  expect((await api.policies.history({ job_id })).map(({ by }) => by)).toEqual([
    'ana',
    'ben',
    'ana',
  ])
  expect(await api.policies.history({ project: 'examples' })).toHaveLength(1)
  await api.policies.change({ project: 'examples', policy: null, by: 'ben' })
  const nobodys = { policy: null, by: 'ana' } as Parameters<typeof api.policies.change>[0]
  await expect(api.policies.change(nobodys)).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  const wrong = { job_id, policy: 'metric', options: { metric: 'eval_f1' }, by: 'ana' } as const
  await expect(api.policies.change(wrong)).rejects.toMatchObject({
    code: 'BAD_REQUEST',
    message: 'eval_f1 was never logged. Logged: eval_loss.',
  })
})

test('finished jobs are replayed, and their possible target metrics are listed', async () => {
  const job_id = await board.newJob('replayed')
  const steps = [1, 2, 3, 4]
  const values = (step: number) => ({ eval_loss: 1 / step, eval_f1: (step * 3) % 4 })
  const events = steps.map((step) => ({ type: 'evaluation', step, values: values(step) }) as const)
  await board.recordEvents(job_id, ...events, { type: 'ended', status: 'stopped' })
  expect(await api.backtest.targets({ project: 'examples' })).toContainEqual({
    ...{ metric: 'eval_f1', jobs: 1 },
  })
  const { replayed } = await api.backtest.run({ target: 'f1', project: 'examples' })
  expect(replayed).toMatchObject([{ name: 'replayed', group: 'examples', best_step: 1 }])
  await expect(api.backtest.run({ target: 'bleu' })).rejects.toMatchObject({
    code: 'BAD_REQUEST',
    message: expect.stringMatching(
      /^No finished job on this board measured bleu\. .*eval_f1 \(1\)/,
    ),
  })
})

test('a checkpoint is pinned and unpinned, and followers of the job are notified', async () => {
  const job_id = await board.newJob()
  await board.recordEvents(job_id, evaluation(1, 1), checkpoint(1), checkpoint(2))
  const rows = async () => (await api.checkpoints.list({ job_id })).checkpoints
  const [first] = await rows()
  const { checkpoint_id = '' } = first ?? {}
  const before = (await api.jobs.detail({ job_id })).revision
  for (const pinned of [true, false]) {
    await api.checkpoints.pin({ job_id, checkpoint_id, pinned })
    expect((await rows()).map((row) => row.pinned)).toEqual([pinned, false])
  }
  expect((await api.jobs.detail({ job_id })).revision).toBe(before + 2)
  const unknown = { job_id, checkpoint_id: randomUUID(), pinned: true }
  await expect(api.checkpoints.pin(unknown)).rejects.toMatchObject({
    code: 'BAD_REQUEST',
    message: `This job has no checkpoint ${unknown.checkpoint_id}.`,
  })
})

test('a deployment is ordered, and is listed for its job and for its model', async () => {
  const job_id = await board.newJob()
  await board.recordEvents(job_id, evaluation(1, 1), checkpoint(1))
  const { best_checkpoint_id } = await api.jobs.status({ job_id })
  const order = { job_id, checkpoint_id: best_checkpoint_id ?? '', model_name: 'moby' }
  const made = await api.deployments.create(order)
  expect(made).toMatchObject({ status: 'queued', is_best: true, model_name: 'moby' })
  expect((await api.deployments.list({ job_id })).deployments).toEqual([made])
  expect(await api.deployments.list({ model_name: 'moby' })).toEqual({
    deployments: [made],
    live: [],
  })
})

test('jobs are compared by their ids or by their project, and not otherwise', async () => {
  const ids = [await board.newJob('lr1'), await board.newJob('lr3')]
  for (const [at, job_id] of ids.entries()) {
    await board.recordEvents(job_id, evaluation(10, 3 - at), checkpoint(10))
  }
  const { comparison, best_paths } = await api.jobs.compare({ job_ids: ids })
  expect(comparison.best?.job_id).toBe(ids[1])
  expect(best_paths[ids[1]!]).toBe('/runs/lr3/checkpoint-10')
  const project = await api.jobs.compare({ project: 'examples' })
  expect(project.comparison.runs.map(({ job_id }) => job_id)).toEqual(expect.arrayContaining(ids))
  for (const wrong of [{}, { job_ids: [] }, { job_ids: Array(51).fill(ids[0]) }]) {
    const refused = api.jobs.compare(wrong as never)
    await expect(refused).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  }
})
