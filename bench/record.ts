import { createReadStream } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { openDatabase, migrate, stopEmbedded, type Database } from '@bestmark/db'
import { JOURNAL } from '../apps/trainer/src/journal.ts'
import { recordJournal } from '../apps/trainer/src/recorder.ts'
import { temporaryFolder } from '../apps/trainer/src/testing.ts'
import { ms, say } from './figures.ts'
import { beginRun } from './run.ts'

/** Ten series a step, as trainers log. */
const NAMES = Array.from({ length: 10 }, (_, index) => `metric_${index}`)
const EVENTS = Number(process.env['BENCH_EVENTS'] ?? 1_000_000)
const POINTS = EVENTS * NAMES.length
/** Steps that are written at once. */
const PIECE = 10_000
/** How often the memory is looked at (ms). */
const LOOK = 250

/** A journal that is all there, to committed rows, against raw \copy of the same points. */
export async function run(): Promise<void> {
  await using home = await temporaryFolder()
  const db = await openDatabase({ home: home.path })
  await migrate(db)
  const { job_id, folder } = await beginRun(db, home.path, EVENTS)
  const rows = join(home.path, 'rows.csv')
  await writePoints(join(folder, JOURNAL), rows, job_id)
  const memory = new Memory()
  const since = performance.now()
  while (await recordJournal(db, { job_id, folder }));
  const ours = performance.now() - since
  const [early, late] = memory.end()
  const copy = await rawCopy(db, rows)
  const millions = POINTS / 1e6
  say(
    `  ${millions} million points: ${ms(ours)}, ${rate(EVENTS, ours)} events/s, ${rate(POINTS, ours)} points/s; raw \\copy of them ${ms(copy)}: ${(ours / copy).toFixed(2)} times`,
  )
  const journal = (await stat(join(folder, JOURNAL))).size / POINTS
  const [kept, plain] = [await bytesOf(db, 'series_chunks'), await bytesOf(db, 'plain_points')]
  say(
    `  bytes a point on disk: ${(kept / POINTS).toFixed(1)}; copied rows without an index ${(plain / POINTS).toFixed(1)}: ${(kept / plain).toFixed(2)} times; the journal itself ${journal.toFixed(1)}`,
  )
  say(`  memory of the recorder: ${early} MB at most in the first half, ${late} MB in the second`)
  await db.close()
  await stopEmbedded(home.path)
}

/** Appends the points to the journal, and writes them as rows for \copy, outside of any timing. */
async function writePoints(journal: string, rows: string, job_id: string): Promise<void> {
  await using lines = await open(journal, 'a')
  await using csv = await open(rows, 'w')
  for (let step = 1; step <= EVENTS; step += PIECE) {
    const steps = Array.from({ length: PIECE }, (_, index) => step + index)
    await lines.appendFile(steps.map((one) => `${JSON.stringify(eventAt(one))}\n`).join(''))
    await csv.appendFile(steps.map((one) => rowsAt(one, job_id)).join(''))
  }
}

function eventAt(step: number) {
  const values = Object.fromEntries(NAMES.map((name, index) => [name, valueAt(step, index)]))
  return { type: 'metrics', attempt: 0, step, at: step, values }
}

function rowsAt(step: number, job_id: string): string {
  const rows = NAMES.map(
    (name, index) => `${job_id},${name},${step},${valueAt(step, index)},${step}`,
  )
  return `${rows.join('\n')}\n`
}

function valueAt(step: number, index: number): number {
  return Math.sin(step * (index + 1)) / step
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
