import { createReadStream } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { openDatabase, migrate, stopEmbedded, type Database } from '@bestmark/db'
import { temporaryFolder } from '../apps/trainer/src/testing.ts'
import { median, ms, printLine } from './figures.ts'
import { type Cpu, cpuSince, cpuSoFar } from './cpu.ts'
import { Memory, mustBeFlat, type Peaks } from './memory.ts'
import { assertSameAsCopied } from './copiedRows.ts'
import { beginRun } from './run.ts'

/** Ten series per step, as trainers log. */
export const NAMES = Array.from({ length: 10 }, (_, index) => `metric_${index}`)
/** Steps of the repeated runs, and how often they are repeated. */
const [STEPS, ROUNDS] = [100_000, 3]
/** Steps of the one long run, in which memory must stay flat; 0 skips it. */
const LONG = Number(process.env['BENCH_EVENTS'] ?? 1_000_000)
/** Steps per write. */
const PIECE = 10_000

/** Points of the benchmark, in the format of some program. */
export interface Written {
  /** The file in the run's folder. */
  file: string
  /** The bytes of one step in the file. */
  bytesAt: (step: number) => string | Buffer
  /** Records the whole file. */
  record: (db: Database, run: { job_id: string; folder: string }) => Promise<void>
}

/** What one run took. */
interface Round {
  /** Milliseconds of recording, and of raw \copy of the same points. */
  ours: number
  copy: number
  /** Bytes per point in the database, in the copied rows, and in the file. */
  bytes: { kept: number; plain: number; read: number }
  peaks: Peaks
  /** Seconds of processor time of recording, and of the copy. */
  cpu: { ours: Cpu; copy: Cpu }
}

/**
 * From a complete file to committed rows, against raw \copy of the same points: three runs, and a
 * long one in which memory must stay flat. Throws if the rows differ from the copied ones.
 */
export async function ingest(written: Written): Promise<void> {
  const rounds: Round[] = []
  for (let round = 0; round < ROUNDS; round++) rounds.push(await recorded(written, STEPS))
  printRounds(rounds, STEPS)
  if (LONG === 0) return
  const long = await recorded(written, LONG)
  printRounds([long], LONG)
  const { kept, plain, read } = long.bytes
  printLine(
    `  bytes per point on disk: ${kept.toFixed(1)}; copied rows without an index ${plain.toFixed(1)}: ${(kept / plain).toFixed(2)} times; the file itself ${read.toFixed(1)}`,
  )
  mustBeFlat(long.peaks)
}

function printRounds(rounds: readonly Round[], steps: number): void {
  const points = steps * NAMES.length
  const [ours, copy] = [rounds.map((one) => one.ours), rounds.map((one) => one.copy)].map(median)
  const times = rounds.map((one) => one.ours / one.copy)
  const often = rounds.length > 1 ? `median of ${rounds.length} runs` : 'one run'
  const spread = rounds.length > 1 ? ` (${times.map((one) => one.toFixed(2)).join(', ')})` : ''
  printLine(
    `  ${points / 1e6} million points, ${often}: ${ms(ours ?? NaN)}, ${rate(points, ours ?? NaN)} points/s; raw \\copy of them ${ms(copy ?? NaN)}: ${median(times).toFixed(2)} times${spread}; every count, sum and last step as copied`,
  )
  const cpu = (of: (round: Round) => number): string => `${median(rounds.map(of)).toFixed(2)} s`
  printLine(
    `  processor time: recorder ${cpu((one) => one.cpu.ours.process)}, Postgres ${cpu((one) => one.cpu.ours.server)}; \\copy ${cpu((one) => one.cpu.copy.process)} and ${cpu((one) => one.cpu.copy.server)}`,
  )
}

async function recorded({ file, bytesAt, record }: Written, steps: number): Promise<Round> {
  await using home = await temporaryFolder()
  const db = await openDatabase({ home: home.path })
  await migrate(db)
  const { job_id, folder } = await beginRun(db, home.path, steps)
  const [path, rows] = [join(folder, file), join(home.path, 'rows.csv')]
  await writeSteps(path, steps, bytesAt)
  await writeSteps(rows, steps, (step) => rowsAt(step, job_id))
  const memory = new Memory()
  const [since, before] = [performance.now(), cpuSoFar(home.path)]
  await record(db, { job_id, folder })
  const ours = performance.now() - since
  const [peaks, oursCpu, between] = [memory.end(), cpuSince(home.path, before), cpuSoFar(home.path)]
  const copy = await rawCopy(db, rows)
  const cpu = { ours: oursCpu, copy: cpuSince(home.path, between) }
  await assertSameAsCopied(db, NAMES.length, steps)
  const points = steps * NAMES.length
  const bytes = {
    kept: (await bytesOf(db, 'series_chunks')) / points,
    plain: (await bytesOf(db, 'plain_points')) / points,
    read: (await stat(path)).size / points,
  }
  await db.close()
  await stopEmbedded(home.path)
  return { ours, copy, bytes, peaks, cpu }
}

/** Writes all steps, before any timing. */
async function writeSteps(path: string, steps: number, bytesAt: Written['bytesAt']): Promise<void> {
  await using file = await open(path, 'a')
  for (let step = 1; step <= steps; step += PIECE) {
    const count = Math.min(PIECE, steps - step + 1)
    const parts = Array.from({ length: count }, (_, index) => Buffer.from(bytesAt(step + index)))
    await file.appendFile(Buffer.concat(parts))
  }
}

function rowsAt(step: number, job_id: string): string {
  const rows = NAMES.map(
    (name, index) => `${job_id},${name},${step},${valueAt(step, index)},${step}`,
  )
  return `${rows.join('\n')}\n`
}

/** The value of a series at a step, as a 32-bit float, because event files hold only those. */
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
