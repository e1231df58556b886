import { afterAll, beforeAll, expect, test } from 'vitest'
import { listCheckpoints } from '../selection/checkpoints.ts'
import { connectTo, databaseAt } from '../connection/client.ts'
import { parseAddress } from '../connection/address.ts'
import { jobDetail } from '../jobs/jobDetail.ts'
import { jobStatus } from '../jobs/jobs.ts'
import { jobLogs } from '../logs/logPage.ts'
import { record, recordFacts, sourceCursor } from './record.ts'
import { JobMoved, JobUnknown } from '../values/refused.ts'
import { readSeries } from '../series/series.ts'
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

test('a repeated batch is written once, and its second writer gets the cursor to continue from', async () => {
  const job_id = await newJob(db)
  const batch = { source: 'journal', from: null, to: '100', events: [metrics(1, { loss: 2 })] }
  expect(await record(db, job_id, batch)).toMatchObject({ recorded: true, cursor: '100' })
  expect(await record(db, job_id, batch)).toMatchObject({ recorded: false, cursor: '100' })
  expect(await sourceCursor(db, job_id, 'journal')).toBe('100')
  const [loss] = await readSeries(db, job_id, { names: ['loss'], points: 10 })
  expect(loss?.count).toBe(1)
})

test('concurrent readers of one source write each point once', async () => {
  const job_id = await newJob(db)
  const total = 400
  const second = databaseAt(parseAddress(db.databaseUrl))
  const read = async (connection: typeof db | typeof second, batch: number): Promise<void> => {
    let cursor = await sourceCursor(connection, job_id, 'journal')
    while (Number(cursor ?? 0) < total) {
      const from = Number(cursor ?? 0)
      const to = Math.min(total, from + batch)
      const events = Array.from({ length: to - from }, (_, i) =>
        metrics(from + i, { loss: from + i }),
      )
      const result = await record(connection, job_id, {
        source: 'journal',
        from: cursor,
        to: `${to}`,
        events,
      })
      cursor = result.cursor
    }
  }
  await Promise.all([read(db, 3), read(second, 7), read(db, 5), read(second, 1)])
  await second.close()
  const [loss] = await readSeries(db, job_id, { names: ['loss'], points: total })
  expect([...(loss?.values ?? [])]).toEqual(Array.from({ length: total }, (_, step) => step))
})

test('writers of one job wait for each other: no write is lost, and each has a different revision', async () => {
  const job_id = await newJob(db)
  const writers = 24
  const revisions = await Promise.all(
    Array.from({ length: writers }, async (_, step) => {
      const line = event({ type: 'log', at: step, level: 'info', text: `line ${step}` })
      const result = await recordFacts(db, job_id, [metrics(step, { loss: step }), line])
      return result.revision
    }),
  )
  const sorted = revisions.toSorted((a, b) => a - b)
  expect(sorted).toEqual(Array.from({ length: writers }, (_, index) => index + 2))
  const [loss] = await readSeries(db, job_id, { names: ['loss'], points: 100 })
  expect([...(loss?.values ?? [])].toSorted((a, b) => a - b)).toEqual(sorted.map((one) => one - 2))
  expect(await jobLogs(db, job_id)).toHaveLength(writers)
})

test('connections that break in the middle of a write lose no data', async () => {
  const total = 60
  const other = connectTo({ ...parseAddress(db.databaseUrl), application_name: 'breaker' })
  const breaking: Promise<unknown>[] = []
  let writes = 0
  const write = async (job_id: string): Promise<void> => {
    for (;;) {
      try {
        const cursor = await sourceCursor(db, job_id, 'journal')
        const from = Number(cursor ?? 0)
        if (from === total) return
        if (++writes % 10 === 0) {
          breaking.push(other`
            select pg_terminate_backend(pid) from pg_stat_activity
            where datname = current_database() and application_name = 'bestmark'`)
        }
        const events = [metrics(from, { loss: from, lr: -from })]
        await record(db, job_id, { source: 'journal', from: cursor, to: `${from + 1}`, events })
      } catch {
        // The cursor shows whether it was written.
      }
    }
  }
  const jobs = await Promise.all([newJob(db), newJob(db), newJob(db), newJob(db)])
  await Promise.all(jobs.map(write))
  await Promise.all(breaking)
  await other.end()
  const expected = Array.from({ length: total }, (_, step) => step)
  for (const job_id of jobs) {
    const [loss, lr] = await readSeries(db, job_id, { names: ['loss', 'lr'], points: total })
    expect([...(loss?.values ?? [])]).toEqual(expected)
    expect([...(lr?.values ?? [])]).toEqual(expected.map((step) => -step))
  }
})

test('NaN and the infinities are restored exactly as they were recorded', async () => {
  const job_id = await newJob(db)
  await recordEvents(
    db,
    job_id,
    event({ type: 'started', config: { lr: NaN, bounds: [Infinity, -Infinity] } }),
    metrics(1, { loss: 'NaN' }),
    metrics(2, { loss: 'Infinity' }),
    metrics(3, { loss: '-Infinity' }),
    evaluation(3, 'NaN'),
    checkpoint(3),
    event({ type: 'claim', path: 'checkpoint-3', step: 3, value: 'NaN', at: null }),
  )
  const [loss] = await readSeries(db, job_id, { names: ['loss'], points: 10 })
  expect([...(loss?.values ?? [])]).toEqual([NaN, Infinity, -Infinity])
  const [curve] = await readSeries(db, job_id, { names: ['eval_loss'], points: 10 })
  expect([...(curve?.values ?? [])]).toEqual([NaN])
  expect(await jobStatus(db, job_id)).toMatchObject({
    loss: -Infinity,
    eval_loss: NaN,
    train_loss_at_eval: -Infinity,
    best_metric: null,
  })
  const [row] = await listCheckpoints(db, job_id)
  expect(row).toMatchObject({ values: { eval_loss: NaN }, value: NaN, train_loss: -Infinity })
  const detail = await jobDetail(db, job_id)
  expect(detail?.config).toEqual({ lr: 'NaN', bounds: ['Infinity', '-Infinity'] })
})

test('bytes that Postgres refuses are replaced, and recording continues', async () => {
  const job_id = await newJob(db, { name: 'nul \0 name' })
  await recordEvents(
    db,
    job_id,
    event({ type: 'started', config: { 'k\0': 'v\0', half: '\ud800' } }),
    metrics(1, { 'lo\0ss': 1, ['long'.repeat(2_000)]: 2 }),
    checkpoint(1, 0, `deep/${'x'.repeat(5_000)}\0`),
    event({ type: 'log', at: null, level: 'info', text: 'half \ud800 and nul \0' }),
    event({ type: 'ended', at: 5, status: 'failed', error: 'boom \0' }),
  )
  expect((await jobStatus(db, job_id))?.error).toBe('boom \uFFFD')
  expect((await jobLogs(db, job_id))[0]?.text).toBe('half \uFFFD and nul \uFFFD')
  expect((await jobDetail(db, job_id))?.config).toEqual({ 'k\uFFFD': 'v\uFFFD', half: '\uFFFD' })
  const [read] = await readSeries(db, job_id, { names: ['lo\0ss'], points: 5 })
  expect(read?.count).toBe(1)
})

test('attempts, the declaration and the configuration are stored with the job', async () => {
  const job_id = await newJob(db)
  await recordEvents(
    db,
    job_id,
    event({
      type: 'started',
      at: 10,
      total_steps: 500,
      metric_for_best: 'eval_f1',
      direction: 'max',
      declared_by: 'args',
      save_steps: 50,
      config: { lr: 0.1 },
    }),
    event({ type: 'ended', at: 20, status: 'failed', error: 'killed' }),
    started(1, 300),
  )
  const detail = await jobDetail(db, job_id)
  expect(detail).toMatchObject({
    config: { lr: 0.1 },
    declared_metric: 'eval_f1',
    declared_direction: 'max',
    declared_by: 'args',
    save_steps: 50,
    attempt: 1,
  })
  expect(detail?.attempts).toMatchObject([
    { attempt: 0, resumed_from: null, started_at: 10, ended_at: 20, status: 'failed' },
    { attempt: 1, resumed_from: 300, ended_at: null, status: 'running', error: null },
  ])
  expect((await jobStatus(db, job_id))?.status).toBe('running')
})

test('a history that is recorded again replaces the old one', async () => {
  const job_id = await newJob(db)
  const first = [started(), metrics(1, { loss: 1 }), evaluation(1, 0.5), checkpoint(1)]
  await record(db, job_id, { source: 'folder', from: null, to: 'a', events: first })
  const anew = [metrics(1, { loss: 3 }), metrics(2, { loss: 2 })]
  const batch = { source: 'folder', from: 'a', to: 'b', events: anew, replace: true }
  await record(db, job_id, batch)
  const [loss] = await readSeries(db, job_id, { names: ['loss'], points: 10 })
  expect([...(loss?.values ?? [])]).toEqual([3, 2])
  expect(await listCheckpoints(db, job_id)).toEqual([])
  expect(await jobStatus(db, job_id)).toMatchObject({ eval_loss: null, best_step: null, loss: 2 })
})

test('a history that is recorded again deletes the records of other sources, so each is read again', async () => {
  const job_id = await newJob(db)
  await record(db, job_id, { source: 'journal', from: null, to: '5', events: [started()] })
  await record(db, job_id, { source: 'scores', from: null, to: '7', events: [evaluation(1, 0.5)] })
  const batch = { source: 'journal', from: '5', to: '3', events: [started()], replace: true }
  await record(db, job_id, batch)
  expect(await sourceCursor(db, job_id, 'scores')).toBeNull()
  expect(await sourceCursor(db, job_id, 'journal')).toBe('3')
})

test('an error about a job that is not on the board contains its id', async () => {
  const job_id = '00000000-0000-4000-8000-000000000000'
  await expect(recordFacts(db, job_id, [])).rejects.toThrow(JobUnknown)
  await expect(recordFacts(db, job_id, [])).rejects.toThrow(job_id)
})

test('a failed write leaves no rows, and its message does not contain the data', async () => {
  const job_id = await newJob(db)
  const many = Array.from({ length: 1_000 }, (_, step) => metrics(step, { loss: step }))
  const events = [...many, { ...metrics(1, { loss: 1 }), attempt: 2 ** 40 }]
  const failed = record(db, job_id, { source: 'journal', from: null, to: '1', events })
  const error: Error = await failed.then(
    () => new Error('it was written'),
    (reason) => reason,
  )
  expect(error.message).toContain('out of range')
  expect(error.message.length).toBeLessThan(300)
  expect(await sourceCursor(db, job_id, 'journal')).toBeNull()
  const [loss] = await readSeries(db, job_id, { names: ['loss'], points: 10 })
  expect(loss?.count).toBe(0)
})

test('a job moves to another folder together with its first events there, and what is read in the old folder is refused', async () => {
  const job_id = await newJob(db, { root: '/runs/old' })
  const before = [started(), evaluation(100, 2), checkpoint(100)]
  await record(db, job_id, { source: 'files', from: null, to: '1', events: before })
  const moved_to = { output_dir: '/runs/new', folder_id: null }
  const events = [started(), evaluation(100, 1), checkpoint(100, 0, 'model.pt')]
  await record(db, job_id, { source: 'files', from: '1', to: '2', events, replace: true, moved_to })
  const status = await jobStatus(db, job_id)
  expect(status).toMatchObject({
    ...{ output_dir: '/runs/new', status: 'running', eval_loss: 1 },
    best_checkpoint_path: '/runs/new/model.pt',
  })
  const late = { source: 'files', from: '2', to: '3', events: before, root: '/runs/old' }
  await expect(record(db, job_id, late)).rejects.toThrow(JobMoved)
  await expect(recordFacts(db, job_id, before, '/runs/old')).rejects.toThrow(JobMoved)
  expect(await jobStatus(db, job_id)).toEqual(status)
})

// The statistics of a distributed table are on its workers.
test.skipIf(process.env['TEST_CITUS_URL'])(
  'a live point does not change any index of its job',
  async () => {
    const job_id = await newJob(db)
    const updates = async () => {
      await db.sql`select pg_stat_force_next_flush()`
      const [row] = await db.sql<{ all: number; hot: number }[]>`
      select n_tup_upd::int as all, n_tup_hot_upd::int as hot from pg_stat_user_tables
      where relname = 'training_jobs'`
      return row ?? { all: 0, hot: 0 }
    }
    const before = await updates()
    for (let step = 1; step <= 100; step++)
      await recordEvents(db, job_id, metrics(step, { loss: 2 }))
    await expect.poll(async () => (await updates()).all - before.all).toBeGreaterThanOrEqual(100)
    const after = await updates()
    // A row that fills its block moves to the next once.
    expect((after.hot - before.hot) / (after.all - before.all)).toBeGreaterThan(0.9)
  },
)
