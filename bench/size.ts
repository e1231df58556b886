import { randomUUID } from 'node:crypto'
import {
  checkpointsOf,
  type Database,
  fullDisks,
  hosts,
  jobStatus,
  listJobs,
  migrate,
  openDatabase,
  readSeries,
  recordFacts,
  recordHostAlive,
  stopEmbedded,
  watch,
} from '@bestmark/db'
import { TrainingEvent } from '@bestmark/core'
import { temporaryFolder } from '../e2e/board.ts'
import { median, ms, printLine, timings } from './figures.ts'
import { copyJob, recordRun } from './manyRuns.ts'

/** How often each size is measured. */
const ROUNDS = 15

/** One kind of size: what grows, and the work that is measured at each size. */
interface Growth {
  title: string
  sizes: number[]
  /** Makes the size, and returns the work. */
  prepare: (db: Database, size: number) => Promise<() => Promise<unknown>>
}

const GROWTHS: Growth[] = [
  {
    title: 'points of a series, its overview',
    sizes: [1_000, 10_000, 100_000, 1_000_000],
    prepare: async (db, size) => {
      const job_id = await recordRun(db, 'points', size, (step) => [
        { type: 'metrics', step, at: 10 * step, values: { loss: 2 + Math.sin(step / 900) } },
      ])
      return () => readSeries(db, job_id, { names: ['loss'], points: 1_000 })
    },
  },
  {
    title: 'checkpoints of a job, the first page of 200',
    sizes: [10, 100, 1_000, 10_000],
    prepare: async (db, size) => {
      const job_id = await evaluatedRun(db, 'checkpoints', size)
      return async () => {
        // The decision is made anew only after a write.
        await db.sql`update training_jobs set revision = revision + 1 where job_id = ${job_id}`
        return checkpointsOf(db, job_id, { order: 'rank', limit: 200 })
      }
    },
  },
  {
    title: 'jobs, the first page of the list',
    sizes: [10, 100, 1_000, 10_000],
    prepare: async (db, size) => {
      await evaluatedJobs(db, size)
      return () => listJobs(db, { limit: 50 })
    },
  },
  {
    title: 'jobs, the status of one',
    sizes: [10, 100, 1_000, 10_000],
    prepare: async (db, size) => {
      const job_id = await evaluatedJobs(db, size)
      return () => jobStatus(db, job_id)
    },
  },
  {
    title: 'live readers of a job, until all have a point',
    sizes: [1, 10, 100, 1_000],
    prepare: liveReaders,
  },
  {
    title: 'hosts, their agents and full disks',
    sizes: [1, 10, 100, 1_000],
    prepare: async (db, size) => {
      for (let host = 0; host < size; host++) {
        await recordHostAlive(db, { host_id: randomUUID(), hostname: `host-${host}` })
      }
      return async () => [await hosts(db), await fullDisks(db)]
    },
  },
]

/** The time of some work at sizes over three decades, and how it grows. */
export async function run(): Promise<void> {
  for (const { title, sizes, prepare } of GROWTHS) {
    const medians: number[] = []
    let floor = NaN
    for (const size of sizes) {
      await using home = await temporaryFolder()
      const db = await openDatabase({ home: home.path })
      await migrate(db)
      const work = await prepare(db, size)
      await db.sql`analyze`
      floor = median(await timings(ROUNDS, () => db.sql`select 1`))
      medians.push(median(await timings(ROUNDS, work)))
      await db.close()
      await stopEmbedded(home.path)
    }
    const cells = sizes.map((size, at) => `${size}: ${ms(medians[at] ?? NaN)}`)
    printLine(
      `  ${title}: ${cells.join(', ')}; exponent ${exponentOf(sizes, medians).toFixed(2)}; an empty query ${ms(floor)}`,
    )
  }
}

/** The slope of the line through the logarithms: 1 means that ten times the size takes ten times as long. */
function exponentOf(sizes: readonly number[], times: readonly number[]): number {
  const points = sizes.map((size, at) => [Math.log(size), Math.log(times[at] ?? NaN)] as const)
  const mean = (of: (point: readonly [number, number]) => number): number =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length
  const [x, y] = [mean(([size]) => size), mean(([, time]) => time)]
  return mean(([a, b]) => (a - x) * (b - y)) / mean(([a]) => (a - x) ** 2)
}

function evaluatedRun(db: Database, project: string, steps: number): Promise<string> {
  return recordRun(db, project, steps, (step) => [
    { type: 'metrics', step, at: 1_000 * step, values: { loss: 3 / step } },
    { type: 'evaluation', step, at: 1_000 * step, values: { eval_loss: 2 + Math.cos(step / 30) } },
    { type: 'checkpoint', step, path: `checkpoint-${step}`, files_state: 'complete' },
  ])
}

/** Jobs of which one has 10,000 evaluations; returns its id. */
async function evaluatedJobs(db: Database, count: number): Promise<string> {
  const small = await evaluatedRun(db, 'small', 20)
  await copyJob(db, small, count - 2)
  return evaluatedRun(db, 'large', 10_000)
}

/** Writes a point and waits until every reader has it. The readers stay until the process ends. */
async function liveReaders(db: Database, count: number): Promise<() => Promise<unknown>> {
  const job_id = await evaluatedRun(db, 'live', 1)
  let step = 1
  let waiting = 0
  let arrived = (): void => undefined
  const read = async (): Promise<void> => {
    const query = { jobs: [{ job_id, revision: 0 }] }
    for await (const { status } of watch(db, query, new AbortController().signal)) {
      if ((status.current_step ?? 0) < step) continue
      waiting -= 1
      if (waiting === 0) arrived()
    }
  }
  const write = async (work: () => Promise<unknown>): Promise<void> => {
    const all = new Promise<void>((resolve) => (arrived = resolve))
    waiting = count
    await work()
    await all
  }
  await write(async () => {
    // The database is closed while they read.
    for (let reader = 0; reader < count; reader++) read().catch(() => undefined)
  })
  return () =>
    write(() => {
      step += 1
      const line = { type: 'metrics', attempt: 0, step, at: Date.now(), values: { loss: 1 / step } }
      return recordFacts(db, job_id, [TrainingEvent.parse(line)])
    })
}
