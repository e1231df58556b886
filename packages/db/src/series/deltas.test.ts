import { setImmediate } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CHUNK } from '../rows/chunks.ts'
import { seriesSince } from './deltas.ts'
import { readSeries } from './series.ts'
import { type TestDatabase, testDatabase } from '../testing.ts'
import { evaluation, metrics, newJob, recordEvents, started } from '../testRun.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db[Symbol.asyncDispose]())

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index)
}

test('the points since an ordinal are exactly those that a reader does not have', async () => {
  const job_id = await newJob(db)
  await recordEvents(db, job_id, ...range(1, 1_500).map((step) => metrics(step, { loss: step })))
  await recordEvents(db, job_id, evaluation(1, 0.5))
  const before = await readSeries(db, job_id, { names: ['loss', 'eval_loss'], points: 10 })
  const ordinals = Object.fromEntries(before.map((one) => [one.name, one.next_ordinal]))
  expect(await seriesSince(db, job_id, ordinals)).toMatchObject({ series: [], more: false })
  await recordEvents(
    db,
    job_id,
    ...range(1_501, 2_600).map((step) => metrics(step, { loss: step })),
  )
  await recordEvents(db, job_id, evaluation(2, 0.4))
  const { series } = await seriesSince(db, job_id, ordinals)
  const [curve, loss] = series
  expect(curve).toMatchObject({ name: 'eval_loss', kind: 'evaluation', from_ordinal: 1 })
  expect([...(curve?.values ?? [])]).toEqual([0.4])
  expect(loss).toMatchObject({ from_ordinal: 1_500, next_ordinal: 2_600, rewound_to: null })
  expect([...(loss?.steps ?? [])]).toEqual(range(1_501, 2_600))
})

test('a reader gets the step to which a resumed attempt went back', async () => {
  const job_id = await newJob(db)
  await recordEvents(
    db,
    job_id,
    started(),
    ...range(1, 10).map((step) => metrics(step, { loss: step })),
  )
  const [before] = await readSeries(db, job_id, { names: ['loss'], points: 10 })
  await recordEvents(
    db,
    job_id,
    started(1, 5),
    metrics(6, { loss: 60 }, 1),
    metrics(7, { loss: 70 }, 1),
  )
  await recordEvents(db, job_id, started(2, 6), metrics(7, { loss: 700 }, 2))
  const { series } = await seriesSince(db, job_id, { loss: before?.next_ordinal ?? 0 })
  expect(series[0]?.rewound_to).toBe(5)
  expect([...(series[0]?.values ?? [])]).toEqual([60, 700])
  const later = await seriesSince(db, job_id, { loss: series[0]?.next_ordinal ?? 0 })
  expect(later.series).toEqual([])
})

test('a reader gets once which steps an attempt replaces, before the attempt has points', async () => {
  const job_id = await newJob(db)
  await recordEvents(
    db,
    job_id,
    started(),
    evaluation(4, 0.5),
    evaluation(8, 0.4),
    metrics(9, { loss: 1 }),
  )
  const read = await readSeries(db, job_id, { names: ['eval_loss', 'loss', 'lr'], points: 10 })
  const ordinals = Object.fromEntries(read.map(({ name, next_ordinal }) => [name, next_ordinal]))
  await recordEvents(db, job_id, started(1, 5))
  const { series } = await seriesSince(db, job_id, ordinals)
  expect(series.map(({ name, rewound_to, steps }) => [name, rewound_to, steps.length])).toEqual([
    ['eval_loss', 5, 0],
    ['loss', 5, 0],
  ])
  for (const { name, next_ordinal } of series) ordinals[name] = next_ordinal
  expect(await seriesSince(db, job_id, ordinals)).toMatchObject({ series: [] })
  await recordEvents(db, job_id, evaluation(8, 0.3, 1))
  const later = await seriesSince(db, job_id, ordinals)
  expect(later.series).toMatchObject([{ name: 'eval_loss', rewound_to: null }])
  expect([...(later.series[0]?.values ?? [])]).toEqual([0.3])
})

test('a reader that is far behind gets the points in pieces', async () => {
  const job_id = await newJob(db)
  const total = 70 * CHUNK
  for (let from = 0; from < total; from += 10 * CHUNK) {
    const steps = range(from + 1, from + 10 * CHUNK)
    await recordEvents(db, job_id, ...steps.map((step) => metrics(step, { loss: step })))
  }
  const first = await seriesSince(db, job_id, { loss: 0 })
  expect(first.more).toBe(true)
  const second = await seriesSince(db, job_id, { loss: first.series[0]?.next_ordinal ?? 0 })
  expect(second.more).toBe(false)
  const all = [first, second].flatMap(({ series }) => [...(series[0]?.steps ?? [])])
  expect(all).toEqual(range(1, total))
})

test('a failed read rejects for its caller only', async () => {
  const database = await testDatabase()
  const job_id = await newJob(database)
  await database.close()
  const unhandled: unknown[] = []
  const note = (reason: unknown): number => unhandled.push(reason)
  process.on('unhandledRejection', note)
  await expect(seriesSince(database, job_id, { loss: 0, eval_loss: 0 })).rejects.toThrow()
  await setImmediate()
  process.off('unhandledRejection', note)
  expect(unhandled).toEqual([])
  await database[Symbol.asyncDispose]()
})
