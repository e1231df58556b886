import { setTimeout as sleep } from 'node:timers/promises'
import { type Database, migrate, openDatabase, record, stopEmbedded } from '@bestmark/db'
import { TrainingEvent } from '@bestmark/core'
import { temporaryFolder } from '../apps/trainer/src/testing.ts'
import { printLine } from './figures.ts'
import { beginRun } from './run.ts'

/** An hour of one step a second. */
const STEPS = Number(process.env['BENCH_STEPS'] ?? 3_600)
/** Series a job. */
const WIDTHS = [1, 10, 60]

/** Steps per commit: while somebody follows the job, and while nobody does (one commit in 2 s). */
const GATHERED = [1, 2]

/**
 * What a live run costs the disk, at one step a second. The floor is one row a point without an
 * index, in one transaction a step.
 */
export async function run(): Promise<void> {
  for (const width of WIDTHS) {
    const floor = await measured((db) => plainRows(db, width))
    const points = STEPS * width
    const each = ({ wal, disk }: Cost): string =>
      `${(wal / points).toFixed(0)} bytes of WAL, ${(disk / points).toFixed(1)} bytes on disk`
    for (const steps of GATHERED) {
      const ours = await measured((db, job_id) => trickle(db, job_id, width, steps))
      const times = (ours.wal / floor.wal).toFixed(2)
      printLine(
        `  ${width} series, ${STEPS} steps, ${steps} in a commit, per point: ${each(ours)}; plain rows ${each(floor)}: ${times} times the WAL`,
      )
    }
  }
}

/** Bytes. */
interface Cost {
  wal: number
  disk: number
}

async function measured(work: (db: Database, job_id: string) => Promise<void>): Promise<Cost> {
  await using home = await temporaryFolder()
  const db = await openDatabase({ home: home.path })
  try {
    await migrate(db)
    const { job_id } = await beginRun(db, home.path, STEPS)
    await db.sql`create table plain_points (job_id uuid, name text, step float8, value float8, time float8)`
    await db.sql`checkpoint`
    const before = await written(db)
    await work(db, job_id)
    const wal = (await written(db)) - before
    // The server frees deleted rows by itself once a minute.
    await sleep(AUTOVACUUM)
    return { wal, disk: await sizeOf(db) }
  } finally {
    await db.close()
    await stopEmbedded(home.path)
  }
}

const AUTOVACUUM = 65_000

async function trickle(
  db: Database,
  job_id: string,
  width: number,
  gathered: number,
): Promise<void> {
  for (let first = 1; first <= STEPS; first += gathered) {
    const count = Math.min(gathered, STEPS - first + 1)
    const events = Array.from({ length: count }, (_, index) => eventAt(first + index, width))
    const [from, to] = [first === 1 ? null : String(first), String(first + gathered)]
    await record(db, job_id, { source: 'bench', from, to, events })
  }
}

function eventAt(step: number, width: number): TrainingEvent {
  const values = valuesAt(step, width)
  return TrainingEvent.parse({ type: 'metrics', attempt: 0, step, at: 1_000 * step, values })
}

async function plainRows({ sql }: Database, width: number): Promise<void> {
  const job_id = '00000000-0000-4000-8000-000000000000'
  for (let step = 1; step <= STEPS; step++) {
    const rows = Object.entries(valuesAt(step, width)).map(([name, value]) => {
      return { job_id, name, step, value, time: 1_000 * step }
    })
    await sql`insert into plain_points ${sql(rows)}`
  }
}

function valuesAt(step: number, width: number): Record<string, number> {
  const names = Array.from({ length: width }, (_, index) => `train/metric_${index}`)
  return Object.fromEntries(names.map((name, index) => [name, Math.sin(step * (index + 1))]))
}

async function written({ sql }: Database): Promise<number> {
  const [row] = await sql<{ bytes: number }[]>`
    select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8 as bytes`
  return row?.bytes ?? NaN
}

/** The tables that hold points. */
async function sizeOf({ sql }: Database): Promise<number> {
  const [row] = await sql<{ bytes: number }[]>`
    select sum(pg_total_relation_size(oid))::float8 as bytes from pg_class
    where relname in ('series_chunks', 'series_tails', 'plain_points') and relkind = 'r'`
  return row?.bytes ?? NaN
}
