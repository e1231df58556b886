import { afterAll, beforeAll, expect, test } from 'vitest'
import { listCheckpoints } from '../selection/checkpoints.ts'
import { createDeployment } from '../deployments/order.ts'
import { listJobs } from '../jobs/jobList.ts'
import { record } from '../record/record.ts'
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
import { type Delta, watch, type WatchQuery } from './watch.ts'
import { watchBoard } from './boardReader.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db[Symbol.asyncDispose]())

const NEVER = new AbortController().signal

/** Follows until `enough` is true, and returns every delta. */
async function follow(
  query: WatchQuery,
  enough: (delta: Delta, all: readonly Delta[]) => boolean | Promise<boolean>,
): Promise<Delta[]> {
  const deltas: Delta[] = []
  const over = new AbortController()
  for await (const delta of watch(db, query, over.signal)) {
    deltas.push(delta)
    if (await enough(delta, deltas)) break
  }
  return deltas
}

test('a new reader first gets the current state', async () => {
  const job_id = await newJob(db)
  await recordEvents(db, job_id, started(), evaluation(1, 0.5), checkpoint(1))
  await recordEvents(db, job_id, event({ type: 'log', at: 1, level: 'info', text: 'hello' }))
  const [delta] = await follow({ jobs: [{ job_id, revision: 0 }] }, () => true)
  expect(delta).toMatchObject({ job_id, revision: 3, checkpoints: true, logs: true, series: [] })
  expect(delta?.status).toMatchObject({ status: 'running', best_step: 1 })
})

test('a reader that continues gets only new data, with its kind', async () => {
  const job_id = await newJob(db)
  await recordEvents(db, job_id, started(), evaluation(1, 0.5), checkpoint(1))
  const [stored] = await follow({ jobs: [{ job_id, revision: 0 }] }, () => true)
  const jobs = [{ job_id, revision: stored?.revision ?? 0 }]
  await recordEvents(db, job_id, event({ type: 'log', at: 1, level: 'info', text: 'hello' }))
  const [logged] = await follow({ jobs }, () => true)
  expect(logged).toMatchObject({ checkpoints: false, logs: true, samples: false, deployments: [] })
  const [{ checkpoint_id } = { checkpoint_id: '' }] = await listCheckpoints(db, job_id)
  const made = await createDeployment(db, { job_id, checkpoint_id, model_name: 'moby' })
  const since = [{ job_id, revision: logged?.revision ?? 0 }]
  const [shipped] = await follow({ jobs: since }, () => true)
  expect(shipped).toMatchObject({ checkpoints: false, logs: false, deployments: [made] })
})

test('every commit of a concurrent writer reaches the reader once and in order', async () => {
  const job_id = await newJob(db)
  const total = 600
  const write = async (): Promise<void> => {
    for (let step = 1; step <= total;) {
      const size = 1 + (step % 5)
      const events = Array.from({ length: size }, (_, index) =>
        metrics(step + index, { loss: step + index, lr: -step - index }),
      )
      await recordEvents(db, job_id, ...events.filter(({ type }) => type === 'metrics'))
      step += size
    }
  }
  const writing = write()
  const [before] = await readSeries(db, job_id, { names: ['loss'], points: 10_000 })
  const names = ['loss', 'lr']
  const ordinals = { loss: before?.next_ordinal ?? 0 }
  const values: Record<string, number[]> = { loss: [...(before?.values ?? [])], lr: [] }
  const series = { job_id, names, ordinals }
  await follow({ jobs: [{ job_id, revision: 0 }], series }, ({ series: news }) => {
    for (const one of news) values[one.name]?.push(...one.values)
    return (values['loss']?.length ?? 0) >= total && (values['lr']?.length ?? 0) >= total
  })
  await writing
  const steps = Array.from({ length: values['loss']?.length ?? 0 }, (_, index) => index + 1)
  expect(values['loss']).toEqual(steps)
  expect(values['lr']).toEqual(steps.map((step) => -step))
})

test('changes that arrive faster than a reader reads are sent together', async () => {
  const job_id = await newJob(db)
  const deltas = await follow({ jobs: [{ job_id, revision: 0 }] }, async (_delta, all) => {
    if (all.length === 2) return true
    for (let step = 1; step <= 100; step++)
      await recordEvents(db, job_id, metrics(step, { loss: step }))
    return false
  })
  expect(deltas.map(({ status }) => status.current_step)).toEqual([null, 100])
})

test('a write without an announcement is found by polling', async () => {
  const job_id = await newJob(db)
  const deltas = await follow({ jobs: [{ job_id, revision: 0 }] }, async (_delta, all) => {
    if (all.length > 1) return true
    await db.sql`update training_jobs set revision = revision + 1, loss = 7 where job_id = ${job_id}`
    return false
  })
  expect(deltas[1]?.status.loss).toBe(7)
})

test('a broken listening connection is opened again, and no change is missed', async () => {
  const job_id = await newJob(db)
  const deltas = await follow({ jobs: [{ job_id, revision: 0 }] }, async (_delta, all) => {
    if (all.length === 1) {
      await db.sql`
        select pg_terminate_backend(pid) from pg_stat_activity
        where query like 'listen%' and datname = current_database()`
      await recordEvents(db, job_id, metrics(1, { loss: 1 }))
    }
    if (all.length === 2) await recordEvents(db, job_id, metrics(2, { loss: 2 }))
    return all.length === 3
  })
  expect(deltas.map(({ status }) => status.loss)).toEqual([null, 1, 2])
})

test('a reader that follows every job gets new jobs too', async () => {
  const { board_revision } = await listJobs(db)
  const stored = await newJob(db)
  let added = ''
  let since = 0
  for await (const { delta, board_revision: sent } of watchBoard(db, board_revision, NEVER)) {
    if (delta.job_id === stored) added = await newJob(db)
    since = sent
    if (delta.job_id === added) break
  }
  await recordEvents(db, stored, metrics(1, { loss: 1 }))
  for await (const { delta } of watchBoard(db, since, NEVER)) if (delta.status.loss === 1) break
})

test('all readers of a process share one listening connection, which closes with the last reader', async () => {
  const database = await testDatabase()
  const job_id = await newJob(database)
  const over = new AbortController()
  const iterators = Array.from({ length: 20 }, () =>
    watch(database, { jobs: [{ job_id, revision: 0 }] }, over.signal),
  )
  await Promise.all(iterators.map((one) => one.next()))
  const [row] = await database.sql`
    select count(*)::int as listening from pg_stat_activity
    where query like 'listen%' and datname = current_database()`
  expect(row?.['listening']).toBe(1)
  const waiting = iterators.map((one) => one.next())
  over.abort()
  const ends = await Promise.all(waiting)
  expect(ends.every(({ done }) => done)).toBe(true)
  await database[Symbol.asyncDispose]()
})

test('a reader that was far behind gets everything before it is marked up to date', async () => {
  const job_id = await newJob(db)
  const total = 70 * 1_024
  for (let from = 0; from < total; from += 10_240) {
    const events = Array.from({ length: 10_240 }, (_, i) => metrics(from + i, { loss: i }))
    await recordEvents(db, job_id, ...events)
  }
  let points = 0
  const series = { job_id, names: ['loss'], ordinals: {} }
  const deltas = await follow({ jobs: [{ job_id, revision: 0 }], series }, (delta) => {
    points += delta.series[0]?.steps.length ?? 0
    return points >= total
  })
  expect(deltas.map(({ revision }) => revision)).toEqual([0, 8])
  expect(points).toBe(total)
})

test('a reader drops its points when a history is recorded again', async () => {
  for (const [length, anew] of [
    [100, 30],
    [100, 103],
    [100, 70 * 1_024],
    [100, 0],
  ] as const) {
    const job_id = await newJob(db)
    const recordHistory = (from: string | null, size: number, value: number): Promise<unknown> => {
      const steps = Array.from({ length: size }, (_, step) => metrics(step, { loss: value }))
      const events = [started(), ...steps, evaluation(size, value)]
      return record(db, job_id, { source: 'file', from, to: `${size}`, events, replace: true })
    }
    await recordHistory(null, length, 1)
    const names = ['loss', 'eval_loss']
    const stored = await readSeries(db, job_id, { names, points: 1_000 })
    const ordinals = Object.fromEntries(stored.map((one) => [one.name, one.next_ordinal]))
    const series = { job_id, names, ordinals }
    const points: Record<string, number[]> = {}
    for (const { name, values } of stored) points[name] = [...values]
    await recordHistory(`${length}`, anew, 2)
    const deltas = await follow({ jobs: [{ job_id, revision: 2 }], series }, (delta) => {
      for (const { name, values, rewound_to } of delta.series) {
        if (rewound_to !== null) expect(rewound_to).toBe(-1)
        points[name] = [...(rewound_to === -1 ? [] : (points[name] ?? [])), ...values]
      }
      return delta.revision === 3
    })
    expect(deltas.length).toBe(anew > 1_000 ? 2 : 1)
    expect(points).toEqual({ loss: Array(anew).fill(2), eval_loss: [2] })
  }
})

test('a reader of every job misses no older change if its connection is lost after any message', async () => {
  const database = await testDatabase()
  const { board_revision } = await listJobs(database)
  const jobs = [await newJob(database), await newJob(database), await newJob(database)]
  await recordEvents(database, jobs[0]!, metrics(1, { loss: 1 }))
  const sent: string[] = []
  let since = board_revision
  while (sent.length < jobs.length) {
    for await (const news of watchBoard(database, since, NEVER)) {
      since = news.board_revision
      if (sent.includes(news.delta.job_id)) continue
      sent.push(news.delta.job_id)
      break
    }
  }
  expect(sent).toEqual([jobs[1], jobs[2], jobs[0]])
  await database[Symbol.asyncDispose]()
})

test('a point added to an earlier attempt after a resume is sent once', async () => {
  const job_id = await newJob(db)
  const scored = (attempt: number, step: number, acc: number) =>
    event({ type: 'evaluation', attempt, step, values: { acc }, scored_by: 'ana' })
  await recordEvents(
    db,
    job_id,
    started(),
    evaluation(1, 0.5),
    evaluation(2, 0.6),
    scored(0, 1, 0.1),
  )
  await recordEvents(
    db,
    job_id,
    event({ ...started(), attempt: 1, resumed_from: 2 }),
    scored(1, 3, 0.3),
  )
  const read = async () => (await readSeries(db, job_id, { names: ['acc'], points: 100 }))[0]!
  const before = await read()
  const { revision } = (await follow({ jobs: [{ job_id, revision: 0 }] }, () => true))[0]!
  await recordEvents(db, job_id, scored(0, 2, 0.2))
  const series = { job_id, names: ['acc'], ordinals: { acc: before.next_ordinal } }
  const [delta] = await follow({ jobs: [{ job_id, revision }], series }, () => true)
  const [sent] = delta!.series
  expect([...sent!.steps]).toEqual([1, 2, 3])
  expect([...sent!.values]).toEqual([0.1, 0.2, 0.3])
  expect(sent).toMatchObject({ rewound_to: -1, next_ordinal: (await read()).next_ordinal })
})
