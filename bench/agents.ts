import { randomUUID } from 'node:crypto'
import { appendFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { hostId, type Database } from '@bestmark/db'
import { Agent } from '../apps/trainer/src/agent/agent.ts'
import { type Board, openBoard } from '../apps/trainer/src/board/board.ts'
import { importRun } from '../apps/trainer/src/recording/importRun.ts'
import { temporaryFolder } from '../e2e/board.ts'
import { type Cpu, cpuSince, cpuSoFar } from './cpu.ts'
import { ms, printLine, quantile } from './figures.ts'

/** Runs that do not grow, and runs that log at the same time. */
const [IDLE, LIVE] = [1_000, 400]
/** Points per second of each live run. */
const RATE = 2
/** How long an agent may settle, and how long is measured (ms). */
const [SETTLE, MEASURE] = [30_000, 60_000]
/** How often the board is asked how far the runs are (ms): lags are at most so much too long. */
const LOOK = 100

/** What agents cost the database, and how late points are on the board. */
export async function run(): Promise<void> {
  await using home = await temporaryFolder()
  await using board = await openBoard({ BESTMARK_HOME: home.path }, { connections: 3 })
  const floor = await measured(board, async () => sleep(MEASURE))
  const alone = await withAgent(board, () => measured(board, async () => sleep(MEASURE)))
  printLine(`  an agent without runs: ${costs(alone)}; the database alone: ${costs(floor)}`)
  for (let index = 0; index < IDLE; index++) await journal(board, join(home.path, `idle ${index}`))
  const idle = await withAgent(board, () => measured(board, async () => sleep(MEASURE)))
  printLine(`  ${IDLE} runs that do not grow: ${costs(idle)}`)
  await board.db.sql`update training_jobs set status = 'completed'`
  const one = await lagsOf(board, 1)
  const many = await lagsOf(board, LIVE)
  printLine(
    `  ${LIVE} runs with ${RATE} points/s each: ${late(many)}; one such run alone: ${late(one)}`,
  )
}

interface Cost {
  queries: number
  cpu: Cpu
  seconds: number
}

function costs({ queries, cpu, seconds }: Cost): string {
  const share = (of: number): string => `${((100 * of) / seconds).toFixed(1)} % of a core`
  const asked = (queries / seconds).toFixed(2)
  return `${asked} queries/s, database ${share(cpu.server)}, agent ${share(cpu.process)}`
}

/** The queries of this process, and the processor time of it and of the database, during some work. */
async function measured({ db, home }: Board, work: () => Promise<unknown>): Promise<Cost> {
  let queries = 0
  db.sql.options.debug = () => void queries++
  const [before, since] = [cpuSoFar(home), performance.now()]
  await work()
  const seconds = (performance.now() - since) / 1_000
  const cpu = cpuSince(home, before)
  db.sql.options.debug = false
  return { queries, cpu, seconds }
}

async function withAgent<T>(board: Board, work: () => Promise<T>): Promise<T> {
  const troubles = {
    report: (error: unknown) => printLine(String(error)),
    databaseAnswered: () => undefined,
  }
  const host_id = await hostId({ home: board.home, isShareable: false })
  const agent = new Agent(board.db, { home: board.home, host_id, host: 'bench' }, troubles)
  const working = agent.work()
  await sleep(SETTLE)
  const result = await work()
  agent.stop()
  await working
  return result
}

interface Lags {
  lags: number[]
  cost: Cost
}

function late({ lags, cost }: Lags): string {
  const [p50, p90, p99] = [0.5, 0.9, 0.99].map((share) => ms(quantile(lags, share)))
  const points = (lags.length / cost.seconds).toFixed(0)
  return `${points} points/s, on the board after ${p50} (p90 ${p90}, p99 ${p99}); ${costs(cost)}`
}

/** How long points need from the file to the board, where nobody looks at their jobs. */
async function lagsOf(board: Board, runs: number): Promise<Lags> {
  const folders = Array.from({ length: runs }, () => join(board.home, randomUUID()))
  const job_ids: string[] = []
  for (const folder of folders) job_ids.push(await journal(board, folder))
  return withAgent(board, async () => {
    const over = new AbortController()
    const written: number[] = []
    const writing = write(folders, written, over.signal)
    const lags: number[] = []
    const cost = await measured(board, () => lookAt(board.db, job_ids, { written, lags }))
    over.abort()
    await writing
    return { lags, cost }
  })
}

/** Writes a point to each run again and again, and notes when. */
async function write(folders: string[], written: number[], signal: AbortSignal): Promise<void> {
  for (let step = 2; !signal.aborted; step++) {
    const next = performance.now() + 1_000 / RATE
    written[step] = performance.now()
    const line = { type: 'metrics', attempt: 0, at: Date.now(), step, values: { loss: 1 / step } }
    for (const folder of folders)
      await appendFile(join(folder, 'journal.jsonl'), `${JSON.stringify(line)}\n`)
    await sleep(Math.max(0, next - performance.now()))
  }
}

async function lookAt(
  db: Database,
  job_ids: string[],
  { written, lags }: { written: number[]; lags: number[] },
): Promise<void> {
  const seen = new Map<string, number>()
  for (const until = performance.now() + MEASURE; performance.now() < until; await sleep(LOOK)) {
    const rows = await db.sql<{ job_id: string; step: number }[]>`
      select job_id, current_step as step from training_jobs where job_id = any(${job_ids}::uuid[])`
    const now = performance.now()
    for (const { job_id, step } of rows) {
      const before = seen.get(job_id) ?? step
      for (let one = before + 1; one <= step; one++) lags.push(now - (written[one] ?? NaN))
      seen.set(job_id, step)
    }
  }
}

/** A run with a journal, on the board; returns its job. */
async function journal(board: Board, folder: string): Promise<string> {
  const at = Date.now()
  const named = { name: 'bench', project: 'bench' }
  const lines = [
    { journal: 1, job_id: randomUUID(), ...named },
    { type: 'started', attempt: 0, at, ...named, total_steps: 10_000, config: {} },
    { type: 'metrics', attempt: 0, at, step: 1, values: { loss: 1 } },
  ]
  await mkdir(folder)
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('')
  await writeFile(join(folder, 'journal.jsonl'), text)
  return (await importRun(board, folder, {})).job_id
}
