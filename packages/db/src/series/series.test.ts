import { afterAll, beforeAll, expect, test } from 'vitest'
import { checkpointsOf } from '../selection/checkpoints.ts'
import { CHUNK, SMALL_CHUNK } from '../rows/chunks.ts'
import { evalCurves } from './curves.ts'
import { readSeries, seriesNames } from './series.ts'
import { type TestDatabase, testDatabase } from '../testing.ts'
import { unpackNumbers } from '../values/packedNumbers.ts'
import {
  checkpoint,
  ended,
  evaluation,
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

const EVERYTHING = 1_000_000

async function one(job_id: string, name: string, points = EVERYTHING) {
  const [series] = await readSeries(db, job_id, { names: [name], points })
  if (!series) throw new Error('every name has a series')
  const { steps, values, times, ...rest } = series
  return { ...rest, steps: [...steps], values: [...values], times: [...times] }
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index)
}

const countsOf = async (job_id: string) => {
  const rows = await db.sql<{ count: number }[]>`
    select count from series_chunks where job_id = ${job_id} order by ordinal`
  return rows.map(({ count }) => count)
}

test('points that arrive in pieces are read like points that arrive at once', async () => {
  const total = 2 * CHUNK + 100
  const value = (step: number) => (step % 700 === 0 ? NaN : Math.sin(step) * step)
  const points = range(1, total).map((step) => metrics(step, { loss: value(step) }))
  const [atOnce, trickled] = [await newJob(db), await newJob(db)]
  await recordEvents(db, atOnce, ...points)
  const sizes = [1, 2, 500, 1, 519, 3, 200, 1024, points.length]
  for (let from = 0; from < points.length;) {
    const to = from + (sizes.shift() ?? 1)
    await recordEvents(db, trickled, ...points.slice(from, to))
    from = to
  }
  expect(await one(trickled, 'loss')).toEqual(await one(atOnce, 'loss'))
  expect((await one(trickled, 'loss')).values).toEqual(range(1, total).map(value))
  for (const job_id of [atOnce, trickled]) {
    const counts = await countsOf(job_id)
    for (const count of counts) expect(count).toBeLessThanOrEqual(CHUNK)
    for (const count of counts.slice(0, -1)) expect(count).toBeGreaterThanOrEqual(SMALL_CHUNK / 2)
  }
})

test('the points of a live run are read like a chunk of the same points', async () => {
  const value = (step: number) =>
    step % 7 === 0 ? NaN : step % 5 === 0 ? Infinity : Math.sin(step)
  const points = range(1, 50).map((step) => metrics(step, { loss: value(step), 'a"b,{c}': -0 }))
  const [live, over] = [await newJob(db), await newJob(db)]
  for (const job_id of [live, over])
    for (const point of points) await recordEvents(db, job_id, point)
  await recordEvents(db, over, started(), ended())
  const { sql } = db
  const columns = sql.unsafe(CHUNK_COLUMNS)
  expect(await sql`select 1 from series_chunks where job_id = ${live}`).toHaveLength(0)
  const of = async (job_id: string) => {
    const rows = await sql<{ steps: Buffer; values: Buffer; times: Buffer }[]>`
      select ${columns} from series_pieces where job_id = ${job_id} order by name`
    return rows.map(({ steps, values, times, ...row }) => {
      const numbers = [steps, values, times].map(unpackNumbers)
      return { ...row, numbers }
    })
  }
  const [chunks, pieces] = [await of(over), await of(live)]
  expect(chunks).toHaveLength(2)
  expect(pieces).toEqual(chunks)
})

test('a live run writes each point once until its tail is long', async () => {
  const job_id = await newJob(db)
  const rows = async () => {
    const [row] = await db.sql`select
      (select count(*)::int from series_chunks where job_id = ${job_id}) as chunks,
      (select count(*)::int from series_tails where job_id = ${job_id}) as writes`
    return row
  }
  for (const step of range(1, SMALL_CHUNK - 1))
    await recordEvents(db, job_id, metrics(step, { loss: step }))
  expect(await rows()).toEqual({ chunks: 0, writes: SMALL_CHUNK - 1 })
  await recordEvents(db, job_id, metrics(SMALL_CHUNK, { loss: SMALL_CHUNK }))
  expect(await rows()).toEqual({ chunks: 1, writes: 0 })
  await recordEvents(db, job_id, metrics(SMALL_CHUNK + 1, { loss: SMALL_CHUNK + 1 }))
  expect(await rows()).toEqual({ chunks: 1, writes: 1 })
  const whole = await one(job_id, 'loss')
  expect(whole.values).toEqual(range(1, SMALL_CHUNK + 1))
  expect(whole.next_ordinal).toBe(SMALL_CHUNK + 1)
})

const CHUNK_COLUMNS = `attempt, name, ordinal, count, steps, values, times, min_step, max_step,
  first_step, first_value, first_time, last_step, last_value, last_time, min_value,
  min_value_step, min_value_time, max_value, max_value_step, max_value_time, non_finite`

test('a window of a series has its steps and their number', async () => {
  const job_id = await newJob(db)
  await recordEvents(db, job_id, ...range(1, 3_000).map((step) => metrics(step, { loss: step })))
  const query = { names: ['loss'], from_step: 1_000, to_step: 1_100, points: 200 }
  const [loss] = await readSeries(db, job_id, query)
  expect(loss).toMatchObject({ count: 101, next_ordinal: 3_000 })
  expect([...(loss?.steps ?? [])]).toEqual(range(1_000, 1_100))
  const [thinned] = await readSeries(db, job_id, { ...query, points: 10 })
  expect(thinned?.count).toBe(101)
  expect(thinned?.steps.length).toBeLessThanOrEqual(25)
})

test('an overview keeps first, last, extremes, NaN and the steps of checkpoints', async () => {
  const job_id = await newJob(db)
  const total = 40_000
  const value = (step: number) =>
    step === 12_345 ? NaN : step === 20_001 ? -50 : step === 30_002 ? 50 : Math.sin(step)
  for (let from = 0; from < total; from += 10_000) {
    const points = range(from + 1, from + 10_000)
    await recordEvents(db, job_id, ...points.map((step) => metrics(step, { loss: value(step) })))
  }
  await recordEvents(db, job_id, checkpoint(7_777))
  const loss = await one(job_id, 'loss', 20)
  expect(loss.count).toBe(total)
  expect(loss.steps.length).toBeLessThan(100)
  for (const step of [1, 7_777, 12_345, 20_001, 30_002, total]) {
    expect(loss.steps).toContain(step)
    expect(loss.values[loss.steps.indexOf(step)]).toBe(value(step))
    expect(loss.times[loss.steps.indexOf(step)]).toBe(1_000 * step)
  }
  expect(loss.steps).toEqual([...loss.steps].sort((a, b) => a - b))
})

test('a series that was never logged is empty, with the first ordinal as its next', async () => {
  const job_id = await newJob(db)
  expect(await one(job_id, 'loss')).toMatchObject({ count: 0, next_ordinal: 0, steps: [] })
})

test('a resumed attempt replaces what was logged after the step that it resumed from', async () => {
  const job_id = await newJob(db)
  await recordEvents(
    db,
    job_id,
    started(),
    ...range(1, 10).map((step) => metrics(step, { loss: step })),
  )
  await recordEvents(db, job_id, ...[3, 6, 9].map((step) => evaluation(step, step)))
  await recordEvents(db, job_id, started(1, 5))
  expect((await one(job_id, 'loss')).steps).toEqual(range(1, 5))
  expect((await one(job_id, 'eval_loss')).steps).toEqual([3])
  const again = range(6, 8).map((step) => metrics(step, { loss: 10 * step }, 1))
  await recordEvents(db, job_id, ...again, evaluation(6, 60, 1))
  const loss = await one(job_id, 'loss')
  expect(loss.values).toEqual([1, 2, 3, 4, 5, 60, 70, 80])
  expect(loss.count).toBe(8)
  const curve = await one(job_id, 'eval_loss')
  expect([curve.steps, curve.values]).toEqual([
    [3, 6],
    [3, 60],
  ])
  await recordEvents(db, job_id, started(2, 2), metrics(3, { loss: 300 }, 2))
  expect((await one(job_id, 'loss')).values).toEqual([1, 2, 300])
})

test('points that a later attempt replaced are separate, within the window', async () => {
  const job_id = await newJob(db)
  await recordEvents(
    db,
    job_id,
    started(),
    ...range(1, 10).map((step) => metrics(step, { loss: step })),
  )
  await recordEvents(db, job_id, ...[3, 6, 9].map((step) => evaluation(step, step)))
  await recordEvents(db, job_id, started(1, 5), metrics(6, { loss: 60 }, 1), evaluation(6, 60, 1))
  const read = async (query: { from_step?: number; to_step?: number } = {}) => {
    const names = ['loss', 'eval_loss']
    const series = await readSeries(db, job_id, { names, points: EVERYTHING, ...query })
    return series.map(({ earlier }) => {
      return earlier.map(({ attempt, steps, values }) => ({ attempt, steps, values }))
    })
  }
  const numbers = (...of: number[]) => ({
    steps: Float64Array.from(of),
    values: Float64Array.from(of),
  })
  expect(await read()).toEqual([
    [{ attempt: 0, ...numbers(6, 7, 8, 9, 10) }],
    [{ attempt: 0, ...numbers(6, 9) }],
  ])
  const [loss] = await read({ from_step: 8, to_step: 9 })
  expect(loss).toEqual([{ attempt: 0, ...numbers(8, 9) }])
})

test('many series are read in the requested order, each with its points', async () => {
  const job_id = await newJob(db)
  const names = range(0, 29).map((index) => `m${index}`)
  const values = (step: number) => Object.fromEntries(names.map((name, at) => [name, step + at]))
  await recordEvents(db, job_id, ...range(1, 1_100).map((step) => metrics(step, values(step))))
  const reversed = [...names].reverse()
  const read = await readSeries(db, job_id, { names: reversed, points: EVERYTHING })
  expect(read.map(({ name }) => name)).toEqual(reversed)
  for (const [at, { values, count }] of read.entries()) {
    expect([count, values[0], values.at(-1)]).toEqual([1_100, 30 - at, 1_129 - at])
  }
})

test('a rerun from the start replaces everything; one without a logged start replaces what it repeats', async () => {
  const job_id = await newJob(db)
  const first = range(1, 6).map((step) => metrics(step, { loss: step }))
  await recordEvents(db, job_id, started(), ...first, started(1, null), metrics(1, { loss: 11 }, 1))
  expect((await one(job_id, 'loss')).values).toEqual([11])
  const silent = await newJob(db)
  await recordEvents(db, silent, ...first, metrics(4, { loss: 40 }, 1))
  expect((await one(silent, 'loss')).values).toEqual([1, 2, 3, 40])
})

test('an attempt that ended before it measured anything replaces nothing', async () => {
  const job_id = await newJob(db)
  await recordEvents(
    db,
    job_id,
    started(),
    ...range(1, 6).map((step) => metrics(step, { loss: step })),
  )
  await recordEvents(db, job_id, started(1, 2), ended(1))
  expect((await one(job_id, 'loss')).values).toEqual(range(1, 6))
  await recordEvents(db, job_id, started(2, 3), metrics(4, { lr: 1 }, 2), ended(2))
  expect((await one(job_id, 'loss')).values).toEqual(range(1, 3))
})

test('repeated steps stay separate: each attempt has its evaluation, checkpoint and rank', async () => {
  const job_id = await newJob(db)
  await recordEvents(db, job_id, started(), evaluation(2, 0.5), checkpoint(2, 0, 'a-2'))
  await recordEvents(db, job_id, evaluation(4, 0.4), checkpoint(4, 0, 'a-4'))
  await recordEvents(db, job_id, started(1, 2), evaluation(4, 0.4, 1), checkpoint(4, 1, 'b-4'))
  await recordEvents(db, job_id, evaluation(4, 0.1, 1))
  const list = await checkpointsOf(db, job_id)
  const ranks = list?.selection.ranking.map(({ attempt, step, value }) => [attempt, step, value])
  expect(ranks).toEqual([
    [0, 4, 0.4],
    [1, 4, 0.4],
    [0, 2, 0.5],
  ])
  expect((await one(job_id, 'eval_loss')).values).toEqual([0.5, 0.4])
  const curves = await evalCurves(db, [job_id])
  expect([...(curves[job_id]?.values ?? [])]).toEqual([0.5, 0.4])
})

test('the first evaluation of a step counts, later ones are kept as repeats', async () => {
  const job_id = await newJob(db)
  await recordEvents(db, job_id, evaluation(1, 0.5), evaluation(1, 0.4))
  await recordEvents(db, job_id, evaluation(1, 0.3), evaluation(2, 0.6))
  expect((await one(job_id, 'eval_loss')).values).toEqual([0.5, 0.6])
  const repeats = await db.sql`
    select repeat, value from evaluations where job_id = ${job_id} and step = 1 order by repeat`
  expect(repeats.map(({ repeat, value }) => [repeat, value])).toEqual([
    [0, 0.5],
    [1, 0.4],
    [2, 0.3],
  ])
})

test('each name is listed once, and names measured on held-out data are marked', async () => {
  const job_id = await newJob(db)
  await recordEvents(db, job_id, metrics(1, { loss: 1, lr: 2, eval_loss: 7 }), evaluation(1, 0.5))
  expect(await seriesNames(db, job_id)).toEqual([
    { name: 'eval_loss', kind: 'evaluation', scored: false, count: 1 },
    { name: 'loss', kind: 'logged', scored: false, count: 1 },
    { name: 'lr', kind: 'logged', scored: false, count: 1 },
  ])
  expect(await one(job_id, 'eval_loss')).toMatchObject({ kind: 'evaluation', values: [0.5] })
})

test('a metric that was scored after training is marked', async () => {
  const job_id = await newJob(db)
  const score = { ...evaluation(1, 0.5), values: { mmlu: 0.7 }, scored_by: 'ana' }
  await recordEvents(db, job_id, evaluation(1, 0.5), score)
  const names = await seriesNames(db, job_id)
  expect(names.map(({ name, scored }) => [name, scored])).toEqual([
    ['eval_loss', false],
    ['mmlu', true],
  ])
})
