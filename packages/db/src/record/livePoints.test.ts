import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { jobStatus, renameJob } from '../jobs/jobs.ts'
import { SMALL_CHUNK } from '../rows/chunks.ts'
import { readSeries } from '../series/series.ts'
import { type TestDatabase, testDatabase } from '../testing.ts'
import { event, metrics, newJob, started } from '../testRun.ts'
import { type Batch, record, type Recorded, sourceCursor } from './record.ts'

const isCitus = process.env['TEST_CITUS_URL'] !== undefined

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db[Symbol.asyncDispose]())

/** A live run whose journal a recorder reads, line by line. */
async function liveRun(on: TestDatabase = db) {
  const job_id = await newJob(on)
  let last: Recorded = await record(on, job_id, {
    ...{ source: 'journal', from: null, to: '0', events: [started()] },
  })
  const log = async (events: Batch['events'], more: Partial<Batch> = {}): Promise<Recorded> => {
    const from = last.cursor
    const to = String(Number(from) + 1)
    last = await record(on, job_id, {
      ...{ source: 'journal', from, to, events, after: last.last },
      ...more,
    })
    return last
  }
  return { job_id, log }
}

/** What is sent to the server during some work. */
async function statementsOf(
  work: () => Promise<unknown>,
  on: TestDatabase = db,
): Promise<string[]> {
  const statements: string[] = []
  on.sql.options.debug = (_connection, statement) => void statements.push(statement)
  await work()
  on.sql.options.debug = false
  return statements
}

async function lossOf(job_id: string): Promise<number[]> {
  const [loss] = await readSeries(db, job_id, { names: ['loss'], points: 10_000 })
  return [...(loss?.values ?? [])]
}

test.skipIf(isCitus)(
  'points that follow points of the same recorder take one statement',
  async () => {
    const { job_id, log } = await liveRun()
    await log([metrics(1, { loss: 1 })])
    const statements = await statementsOf(() =>
      log([metrics(2, { loss: 2 }), metrics(3, { loss: 3 })]),
    )
    expect(statements).toHaveLength(1)
    expect(await lossOf(job_id)).toEqual([1, 2, 3])
    expect(await sourceCursor(db, job_id, 'journal')).toBe('2')
  },
)

test('a job has the same row and points, however its points were written', async () => {
  const [short, usual] = [await liveRun(), await liveRun()]
  const used = { 'system/cpu': 0.5 }
  const names = ['loss', 'lr', 'a "quoted\\" name', 'system/cpu']
  const logged: Batch['events'][] = [
    [metrics(1, { loss: 1 })],
    [metrics(2, { loss: NaN, 'a "quoted\\" name': -0 }), metrics(3, { loss: Infinity })],
    [event({ type: 'usage', at: 5_000, used })],
    [metrics(3, { loss: null, lr: 1e-300 }), metrics(4, { loss: 4, lr: 2 })],
  ]
  for (const events of logged) {
    await short.log(events)
    await usual.log(events, { after: undefined })
  }
  const [one, other] = await Promise.all(
    [short, usual].map(async ({ job_id }) => ({
      row: await rowOf(job_id),
      series: await readSeries(db, job_id, { names, points: 100 }),
    })),
  )
  expect(one).toEqual(other)
})

/** A job's row without what two jobs never share. */
async function rowOf(job_id: string) {
  const [row] = await db.sql`
    select to_jsonb(job) - array['job_id', 'host_id', 'name', 'output_dir', 'board_revision', 'cadence',
      'changed_at', 'registered_at', 'last_logged_at', 'updated_at'] as kept,
      changed_at >= registered_at and last_logged_at <= changed_at as is_in_order
    from training_jobs as job where job_id = ${job_id}`
  return row
}

test('a write of another process in between is not undone, and the points are written after it', async () => {
  const { job_id, log } = await liveRun()
  const { revision } = await log([metrics(1, { loss: 1 })])
  await renameJob(db, job_id, 'renamed')
  expect(await log([metrics(2, { loss: 2 })])).toMatchObject({ revision: revision + 2 })
  expect(await jobStatus(db, job_id)).toMatchObject({ name: 'renamed', current_step: 2 })
  expect(await lossOf(job_id)).toEqual([1, 2])
})

test('two recorders of one run write each point once', async () => {
  const { job_id, log } = await liveRun()
  const { last } = await log([metrics(1, { loss: 1 })])
  const batch = { source: 'journal', from: '1', to: '2', events: [metrics(2, { loss: 2 })] }
  const both = await Promise.all([1, 2].map(() => record(db, job_id, { ...batch, after: last })))
  expect(both.map(({ recorded }) => recorded).sort()).toEqual([false, true])
  expect(await lossOf(job_id)).toEqual([1, 2])
})

test('a cursor that is not the stored one writes nothing', async () => {
  const { job_id, log } = await liveRun()
  await log([metrics(1, { loss: 1 })])
  const answer = await log([metrics(2, { loss: 2 })], { from: '0' })
  expect(answer).toMatchObject({ recorded: false, cursor: '1' })
  expect(await lossOf(job_id)).toEqual([1])
})

test('readers are notified of the revision that a short write has', async () => {
  const { job_id, log } = await liveRun()
  await log([metrics(1, { loss: 1 })])
  const heard: string[] = []
  await db.listen('bestmark', { heard: (payload) => void heard.push(payload) })
  const { revision } = await log([metrics(2, { loss: 2 })])
  await expect.poll(() => heard).toContain(`${job_id} ${revision}`)
})

test('the tail becomes a chunk as soon as it is as long as one', async () => {
  const { job_id, log } = await liveRun()
  for (let step = 1; step <= SMALL_CHUNK + 1; step++) await log([metrics(step, { loss: step })])
  const [{ rows } = { rows: NaN }] = await db.sql<{ rows: number }[]>`
    select count(*)::int as rows from series_tails where job_id = ${job_id}`
  expect(rows).toBe(1)
  expect(await lossOf(job_id)).toHaveLength(SMALL_CHUNK + 1)
})

test('on a distributed database, points are written in the usual way', async () => {
  await using spread = await testDatabase()
  const { job_id, log } = await liveRun(spread)
  await log([metrics(1, { loss: 1 })])
  // Without Citus, an extension of this name is what the statement looks for.
  if (!isCitus)
    await spread.sql`update pg_extension set extname = 'citus' where extname = 'plpgsql'`
  const point = (step: number) => statementsOf(() => log([metrics(step, { loss: step })]), spread)
  expect((await point(2)).length).toBeGreaterThan(1)
  // Citus cannot plan the one statement, so it is not sent again.
  expect((await point(3)).filter((one) => one.includes('materialized'))).toEqual([])
  const series = await readSeries(spread, job_id, { names: ['loss'], points: 100 })
  expect(series.flatMap(({ values }) => [...values])).toEqual([1, 2, 3])
})

test('after a sleep of the machine the job is read again, so that its times are those of the database', async () => {
  const { job_id, log } = await liveRun()
  await log([metrics(1, { loss: 1 })])
  const slept = vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 3_600_000)
  onTestFinished(() => slept.mockRestore())
  await log([metrics(2, { loss: 2 })])
  const [{ ahead } = { ahead: NaN }] = await db.sql<{ ahead: number }[]>`
    select changed_at - extract(epoch from clock_timestamp()) * 1000 as ahead
    from training_jobs where job_id = ${job_id}`
  expect(ahead).toBeLessThanOrEqual(0)
})

test.skipIf(isCitus)('only a relaxed write does not wait for the disk', async () => {
  const { log } = await liveRun()
  await log([metrics(1, { loss: 1 })])
  const waits = async (relaxed: boolean): Promise<unknown> => {
    let given: readonly unknown[] = []
    db.sql.options.debug = (_connection, _statement, parameters) => void (given = parameters)
    await log([metrics(relaxed ? 2 : 3, { loss: 2 })], { relaxed })
    db.sql.options.debug = false
    return given.at(-1)
  }
  expect([await waits(true), await waits(false)]).toEqual(['off', 'on'])
})
