import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { distribute, runMigration } from '../distribution/distribute.ts'
import { seriesSince } from '../series/deltas.ts'
import { readSeries } from '../series/series.ts'
import { type TestDatabase, testDatabase } from '../testing.ts'
import { metrics, recordEvents } from '../testRun.ts'
import { applyMigrations, migrate } from './migrate.ts'

/** The last migration before the rows of a tail had a value per event and series. */
const BEFORE = '0039_deployment_hosts.sql'

const range = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index)

type Point = [name: string, step: number, value: number]

/** A row of a tail, as an older version wrote it: a name, a step, a value and a time per point. */
async function olderRow(
  db: TestDatabase,
  job_id: string,
  length: number,
  points: Point[],
): Promise<void> {
  const bytes = Float64Array.from(points.flatMap(([, step, value]) => [step, value, 1_000 * step]))
  const array = (of: (point: Point) => unknown) => `{${points.map(of).join()}}`
  await db.sql`insert into series_tails
    (job_id, length, attempt, names, steps, values, times, bytes, revision) values (
      ${job_id}, ${length}, 0, ${array(([name]) => name)}::text::text[],
      ${array(([, step]) => step)}::text::float8[],
      ${array(([, , value]) => value)}::text::float8[],
      ${array(([, step]) => 1_000 * step)}::text::float8[],
      ${Buffer.from(bytes.buffer)}, ${length})`
}

/** A chunk of 100 losses, as the first versions wrote it: plain numbers. */
async function olderChunk(db: TestDatabase, job_id: string): Promise<void> {
  const plain = (of: (step: number) => number) =>
    Buffer.from(Float64Array.from(range(1, 100), of).buffer)
  const [steps, values, times] = [
    plain((step) => step),
    plain((step) => step / 7),
    plain((step) => 1_000 * step),
  ]
  await db.sql`insert into series_chunks (job_id, attempt, name, ordinal, count, steps, values, times,
      min_step, max_step, first_step, first_value, first_time, last_step, last_value, last_time,
      non_finite, revision)
    values (${job_id}, 0, 'loss', 0, 100, ${steps}, ${values}, ${times},
      1, 100, 1, ${1 / 7}, 1000, 100, ${100 / 7}, 100000, 0, 1)`
}

/** With Citus the board is also updated after it was distributed. */
const UPDATED = process.env['TEST_CITUS_URL'] ? ['plain', 'distributed'] : ['plain']

test.each(UPDATED)(
  'the tail of an older version is read whole after the update of a %s board, and continued',
  async (kind) => {
    await using db = await testDatabase('empty')
    const job_id = randomUUID()
    await db.sql.begin((tx) => applyMigrations(tx, { last: BEFORE }))
    await db.sql`insert into training_jobs
    (job_id, host_id, name, project, status, host, output_dir, source, registered_at, changed_at)
    values (${job_id}, ${randomUUID()}, 'old', 'before', 'running', 'h', '/runs/old', 'journal', 1, 1)`
    await olderChunk(db, job_id)
    for (const step of range(101, 150)) {
      const more: Point[] = step % 2 === 0 ? [['accuracy', step, NaN]] : []
      await olderRow(db, job_id, step - 100, [['loss', step, step / 7], ...more])
    }
    if (kind === 'distributed') await distribute(db)
    await migrate(db, undefined, runMigration)
    const names = ['loss', 'accuracy']
    const before = await readSeries(db, job_id, { names, points: 1_000 })
    expect(before.map(({ next_ordinal }) => next_ordinal)).toEqual([150, 25])
    await recordEvents(db, job_id, metrics(151, { loss: 151 / 7 }))
    const [loss, accuracy] = await readSeries(db, job_id, { names, points: 1_000 })
    expect([...(loss?.steps ?? [])]).toEqual(range(1, 151))
    expect([...(loss?.values ?? [])]).toEqual(range(1, 151).map((step) => step / 7))
    expect([...(loss?.times ?? [])]).toEqual(range(1, 151).map((step) => 1_000 * step))
    expect([...(accuracy?.values ?? [])]).toEqual(Array(25).fill(NaN))
    const news = await seriesSince(db, job_id, { loss: 140 })
    expect([...(news.series[0]?.steps ?? [])]).toEqual(range(141, 151))
  },
)
