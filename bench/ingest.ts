import { createReadStream } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { openDatabase, migrate, stopEmbedded, type Database } from '@bestmark/db'
import { temporaryFolder } from '../apps/trainer/src/testing.ts'
import { ms, say } from './figures.ts'
import { beginRun } from './run.ts'

/** Ten series a step, as trainers log. */
export const NAMES = Array.from({ length: 10 }, (_, index) => `metric_${index}`)
const EVENTS = Number(process.env['BENCH_EVENTS'] ?? 1_000_000)
const POINTS = EVENTS * NAMES.length
/** Steps that are written at once. */
const PIECE = 10_000
/** How often the memory is looked at (ms). */
const LOOK = 250

/** Points of the benchmark, in a form that some program writes. */
export interface Written {
  /** The file in the run's folder. */
  file: string
  /** The bytes that a step adds to the file. */
  bytesAt: (step: number) => string | Buffer
  /** Records all that the file holds. */
  record: (db: Database, run: { job_id: string; folder: string }) => Promise<void>
}

/** A file that is all there, to committed rows, against raw \copy of the same points. */
export async function ingest({ file, bytesAt, record }: Written): Promise<void> {
  await using home = await temporaryFolder()
  const db = await openDatabase({ home: home.path })
  await migrate(db)
  const { job_id, folder } = await beginRun(db, home.path, EVENTS)
  const [path, rows] = [join(folder, file), join(home.path, 'rows.csv')]
  await writeSteps(path, bytesAt)
  await writeSteps(rows, (step) => rowsAt(step, job_id))
  const memory = new Memory()
  const since = performance.now()
  await record(db, { job_id, folder })
  const ours = performance.now() - since
  const [early, late] = memory.end()
  await mustHoldAll(db)
  const copy = await rawCopy(db, rows)
  say(
    `  ${POINTS / 1e6} million points: ${ms(ours)}, ${rate(EVENTS, ours)} steps/s, ${rate(POINTS, ours)} points/s; raw \\copy of them ${ms(copy)}: ${(ours / copy).toFixed(2)} times`,
  )
  const read = (await stat(path)).size / POINTS
  const [kept, plain] = [await bytesOf(db, 'series_chunks'), await bytesOf(db, 'plain_points')]
  say(
    `  bytes a point on disk: ${(kept / POINTS).toFixed(1)}; copied rows without an index ${(plain / POINTS).toFixed(1)}: ${(kept / plain).toFixed(2)} times; the file itself ${read.toFixed(1)}`,
  )
  say(`  memory of the recorder: ${early} MB at most in the first half, ${late} MB in the second`)
  await db.close()
  await stopEmbedded(home.path)
}

/** Writes all steps, outside of any timing. */
async function writeSteps(path: string, bytesAt: Written['bytesAt']): Promise<void> {
  await using file = await open(path, 'a')
  for (let step = 1; step <= EVENTS; step += PIECE) {
    const count = Math.min(PIECE, EVENTS - step + 1)
    const parts = Array.from({ length: count }, (_, index) => Buffer.from(bytesAt(step + index)))
    await file.appendFile(Buffer.concat(parts))
  }
}

/** A figure for points that are not all there would be worth nothing. */
async function mustHoldAll({ sql }: Database): Promise<void> {
  const [row] = await sql<{ points: number }[]>`
    select sum(count)::float8 as points from series_chunks`
  if (row?.points !== POINTS) throw new Error(`${row?.points} of ${POINTS} points were recorded.`)
}

function rowsAt(step: number, job_id: string): string {
  const rows = NAMES.map(
    (name, index) => `${job_id},${name},${step},${valueAt(step, index)},${step}`,
  )
  return `${rows.join('\n')}\n`
}

/** What a series has at a step; event files hold floats of 32 bits, so that all do. */
export function valueAt(step: number, index: number): number {
  return Math.fround(Math.sin(step * (index + 1)) / step)
}

async function rawCopy({ sql }: Database, rows: string): Promise<number> {
  await sql`create table plain_points (job_id uuid, name text, step bigint, value float8, at float8)`
  const since = performance.now()
  await pipeline(createReadStream(rows), await sql`copy plain_points from stdin csv`.writable())
  return performance.now() - since
}

async function bytesOf({ sql }: Database, table: string): Promise<number> {
  const [row] = await sql<{ bytes: number }[]>`
    select pg_total_relation_size(${table}::regclass) as bytes`
  return Number(row?.bytes)
}

function rate(count: number, milliseconds: number): string {
  return `${Math.round(count / milliseconds)} thousand`
}

/** Watches how much memory this process holds. */
class Memory {
  readonly #seen: number[] = []
  readonly #timer = setInterval(() => this.#seen.push(process.memoryUsage.rss()), LOOK)

  /** The most that was held in the first half of the time, and in the second (MB). */
  end(): [number, number] {
    clearInterval(this.#timer)
    const half = this.#seen.length >> 1
    const most = (seen: number[]): number => Math.round(Math.max(...seen) / 1e6)
    return [most(this.#seen.slice(0, half)), most(this.#seen.slice(half))]
  }
}
