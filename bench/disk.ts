import { appendFile, mkdir, writeFile } from 'node:fs/promises'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Database, hostId } from '@bestmark/db'
import { Agent } from '../apps/trainer/src/agent/agent.ts'
import { openBoard } from '../apps/trainer/src/board/board.ts'
import { importRun } from '../apps/trainer/src/recording/importRun.ts'
import { temporaryFolder } from '../apps/trainer/src/testing.ts'
import { printLine } from './figures.ts'

/** How long the run logs, and how many series. Free space evens out after about half an hour. */
const MINUTES = Number(process.env['BENCH_MINUTES'] ?? 10)
const SERIES = Number(process.env['BENCH_SERIES'] ?? 10)
/** Values of 32-bit floats, as torch computes losses, or of 64 bits, which nothing can make shorter. */
const VALUE = process.env['BENCH_VALUES'] === 'single' ? Math.fround : (value: number) => value
/** After how many minutes the tables are measured. */
const MEASURED = [1, 5, 10, 20, 30, 40, 50, 60, 120]

/**
 * What a live run costs the disk in real time, table by table: an agent follows a journal that gets
 * one step a second with random values at uneven times, and the server frees deleted rows by itself.
 */
export async function run(): Promise<void> {
  await using home = await temporaryFolder()
  await using board = await openBoard({ BESTMARK_HOME: home.path }, { connections: 3 })
  const host_id = await hostId({ home: board.home, isShareable: false })
  const troubles = {
    report: (error: unknown) => printLine(String(error)),
    databaseAnswered: () => undefined,
  }
  const agent = new Agent(board.db, { home: board.home, host_id, host: 'bench' }, troubles)
  const working = agent.work()
  await sleep(SETTLE)
  const empty = await sizes(board.db)
  const folder = await journal(board.home)
  await importRun(board, folder, {})
  const since = performance.now()
  const left = MEASURED.filter((minutes) => minutes <= MINUTES)
  for (let step = 1; left.length > 0; step++) {
    await append(folder, step)
    // The times of a training are uneven.
    await sleep(Math.max(0, since + 1_000 * (step + Math.random() / 2) - performance.now()))
    if (step < 60 * (left[0] ?? Infinity)) continue
    const minutes = left.shift()
    report(`${minutes} minutes`, step * SERIES, empty, await sizes(board.db))
  }
  agent.stop()
  await working
}

const SETTLE = 5_000

async function journal(home: string): Promise<string> {
  const job_id = randomUUID()
  const folder = join(home, 'runs', job_id)
  await mkdir(folder, { recursive: true })
  const header = { journal: 1, job_id, name: 'bench', project: 'bench', recipe: 'bench' }
  const started = { type: 'started', attempt: 0, at: Date.now(), total_steps: 60 * MINUTES }
  const first = {
    type: 'metrics',
    attempt: 0,
    at: Date.now(),
    step: 0,
    values: { 'train/loss': 1 },
  }
  const lines = [header, started, first].map((line) => `${JSON.stringify(line)}\n`)
  await writeFile(join(folder, 'journal.jsonl'), lines.join(''))
  return folder
}

async function append(folder: string, step: number): Promise<void> {
  const names = Array.from({ length: SERIES }, (_, index) => `train/metric_${index}`)
  const values = Object.fromEntries(names.map((name) => [name, VALUE(Math.random())]))
  const line = { type: 'metrics', attempt: 0, at: Date.now(), step, values }
  await appendFile(join(folder, 'journal.jsonl'), `${JSON.stringify(line)}\n`)
}

/** Bytes by table, and the written log. */
interface Sizes {
  wal: number
  tables: Map<string, Table>
}

interface Table {
  name: string
  heap: number
  toast: number
  indexes: number
  live: number
  dead: number
}

async function sizes({ sql }: Database): Promise<Sizes> {
  const [row] = await sql<{ wal: number }[]>`
    select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8 as wal`
  const tables = await sql<Table[]>`
    select relname as name, (pg_table_size(oid) - toast)::float8 as heap, toast::float8 as toast,
      pg_indexes_size(oid)::float8 as indexes,
      pg_stat_get_live_tuples(oid)::float8 as live, pg_stat_get_dead_tuples(oid)::float8 as dead
    from pg_class, coalesce(pg_total_relation_size(nullif(reltoastrelid, 0)), 0) as toast
    where relkind = 'r' and relnamespace = current_schema()::regnamespace`
  return { wal: row?.wal ?? NaN, tables: new Map(tables.map((table) => [table.name, table])) }
}

const totalOf = (table?: Table): number => (table ? table.heap + table.toast + table.indexes : 0)

function report(when: string, points: number, before: Sizes, now: Sizes): void {
  const grown = [...now.tables.values()]
    .map((table) => ({ ...table, bytes: totalOf(table) - totalOf(before.tables.get(table.name)) }))
    .filter(({ bytes }) => bytes > 0)
    .sort((a, b) => b.bytes - a.bytes)
  const disk = grown.reduce((sum, { bytes }) => sum + bytes, 0)
  const each = (bytes: number): string => (bytes / points).toFixed(1)
  printLine(
    `  ${when}, ${points} points: ${each(disk)} bytes on disk and ${each(now.wal - before.wal)} bytes of WAL per point`,
  )
  for (const { name, bytes, heap, toast, indexes, live, dead } of grown) {
    printLine(
      `    ${name}: ${each(bytes)} per point (heap ${heap}, toast ${toast}, indexes ${indexes}; ${live} rows, ${dead} dead)`,
    )
  }
}
