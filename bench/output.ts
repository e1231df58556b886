import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import {
  hostId,
  jobLogPage,
  lastTraceback,
  migrate,
  openDatabase,
  registerJob,
  type Database,
} from '@bestmark/db'
import { TRACEBACK } from '@bestmark/core'
import { temporaryFolder } from '../e2e/board.ts'
import { FilesRecorder } from '../apps/trainer/src/recording/filesRecorder.ts'
import { OUTPUT } from '../apps/trainer/src/sources/output/runOutput.ts'
import { median, ms, printLine, timings } from './figures.ts'

/** The output is 100 MB: about a million lines of a training that logs each step. */
const BYTES = 100_000_000

/** A printed output of 100 MB: recording it, its size, and the pages and searches of its tab. */
export async function run(): Promise<void> {
  await using home = await temporaryFolder()
  const db = await openDatabase({ home: home.path })
  await migrate(db)
  const folder = join(home.path, 'printed')
  await mkdir(folder)
  const lines = await writeOutput(join(folder, OUTPUT))
  const job_id = randomUUID()
  const where = {
    host_id: await hostId({ home: home.path, isShareable: false }),
    host: 'bench',
    root: folder,
  }
  const named = { name: 'printed', project: 'bench', source: 'run_log' }
  await registerJob(db, { job_id, ...where, ...named, status: 'running' })
  await recording(db, { job_id, folder, host_id: where.host_id }, lines)
  await reading(db, job_id, lines)
  await db.close()
}

async function writeOutput(path: string): Promise<number> {
  const file = createWriteStream(path)
  let [bytes, step] = [0, 0]
  while (bytes < BYTES) {
    const text = lineAt(step++)
    bytes += text.length
    if (!file.write(text)) await once(file, 'drain')
  }
  file.end()
  await finished(file)
  return step
}

function lineAt(step: number): string {
  if (step === 400_000) return `${TRACEBACK}:\n`
  const loss = (3 + Math.sin(step * 12.9898) * 0.2).toFixed(4)
  const norm = (Math.abs(Math.sin(step * 78.233)) * 2).toFixed(3)
  return `[2026-11-26 22:10:01,123][trainer][INFO] - iteration ${step}: loss ${loss}, norm ${norm}, ${400 + (step % 37)} ms\n`
}

async function recording(
  db: Database,
  run: { job_id: string; folder: string; host_id: string },
  lines: number,
): Promise<void> {
  const before = await walPosition(db)
  const since = performance.now()
  const recorder = new FilesRecorder(db, run, { isOver: true })
  while (await recorder.record());
  const taken = performance.now() - since
  const wal = (await walPosition(db)) - before
  const [size] = await db.sql<{ bytes: number }[]>`
    select (pg_total_relation_size('log_chunks') + pg_total_relation_size('logs'))::float8 as bytes`
  printLine(
    `  ${lines} lines recorded in ${ms(taken)}: ${(BYTES / 1e3 / taken).toFixed(1)} MB/s; ${megabytes(size?.bytes ?? NaN)} on disk, ${megabytes(wal)} of write-ahead log`,
  )
}

async function walPosition({ sql }: Database): Promise<number> {
  const [row] = await sql<{ at: number }[]>`
    select (pg_current_wal_lsn() - '0/0'::pg_lsn)::float8 as at`
  return row?.at ?? NaN
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}

async function reading(db: Database, job_id: string, lines: number): Promise<void> {
  const page = (query: object) => jobLogPage(db, job_id, { limit: 200, ...query })
  const whole = await page({})
  if (whole.end - whole.first !== lines)
    throw new Error(`${whole.end} of ${lines} lines are stored`)
  const time = async (rounds: number, work: () => Promise<unknown>): Promise<string> =>
    ms(median(await timings(rounds, work)))
  const middle = Math.floor(lines / 2)
  const figures = {
    'the newest page': await time(20, () => page({})),
    'a page in the middle': await time(20, () => page({ before: middle })),
    'the first page': await time(20, () => page({ order: 'oldest' })),
    'the last traceback': await time(20, () => lastTraceback(db, job_id)),
    'a search in all lines': await time(5, () => page({ search: 'no line has this' })),
    'an empty query': await time(50, () => db.sql`select 1`),
  }
  printLine(
    `  ${Object.entries(figures)
      .map((figure) => figure.join(' '))
      .join('; ')}`,
  )
}
