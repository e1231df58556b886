import { randomUUID } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { hostId, type Database } from '@bestmark/db'
import { Agent } from '../apps/trainer/src/agent/agent.ts'
import { openBoard } from '../apps/trainer/src/board/board.ts'
import { importRun } from '../apps/trainer/src/recording/importRun.ts'
import { temporaryFolder } from '../e2e/board.ts'
import { printLine } from './figures.ts'
import { idleBoard } from './idleBoard.ts'

/** Runs per kind: with a journal, and with a table. */
const RUNS = 150
/** How long the agent may read them, and how long the measurement then takes (ms). */
const [SETTLE, MEASURE] = [10_000, 20_000]

/** The memory of an idle board; the queries and the CPU time of an agent whose runs do not grow. */
export async function run(): Promise<void> {
  await idleBoard()
  await using home = await temporaryFolder()
  await using board = await openBoard({ BESTMARK_HOME: home.path })
  const host_id = await hostId({ home: home.path, isShareable: false })
  const floor = await idling(board.db, home.path, host_id)
  for (let index = 0; index < RUNS; index++) {
    await importRun(board, await journalIn(join(home.path, `journal ${index}`)), {})
    await importRun(board, await tableIn(join(home.path, `table ${index}`)), {})
  }
  const idle = await idling(board.db, home.path, host_id)
  printLine(
    `  ${2 * RUNS} runs that do not grow: ${figures(idle)}; an agent without runs: ${figures(floor)}`,
  )
}

interface Idling {
  /** Of the database, per second. */
  transactions: number
  /** Of one core, 0..1. */
  cpu: number
}

function figures({ transactions, cpu }: Idling): string {
  return `${transactions.toFixed(0)} transactions/s, ${(100 * cpu).toFixed(1)} % of a core`
}

async function idling(db: Database, home: string, host_id: string): Promise<Idling> {
  const troubles = {
    report: (error: unknown) => printLine(String(error)),
    databaseAnswered: () => undefined,
  }
  const agent = new Agent(db, { home, host_id, host: 'bench' }, troubles)
  const working = agent.work()
  await sleep(SETTLE)
  const [before, cpuBefore, since] = [await commits(db), process.cpuUsage(), performance.now()]
  await sleep(MEASURE)
  const { user, system } = process.cpuUsage(cpuBefore)
  const took = performance.now() - since
  // The server counts the work of a session up to one second late.
  await sleep(1_500)
  const transactions = ((await commits(db)) - before) / ((took + 1_500) / 1_000)
  agent.stop()
  await working
  return { transactions, cpu: (user + system) / 1_000 / took }
}

async function commits({ sql }: Database): Promise<number> {
  const [row] = await sql<{ commits: number }[]>`select xact_commit::float8 as commits
    from pg_stat_database where datname = current_database()`
  return row?.commits ?? NaN
}

async function journalIn(folder: string): Promise<string> {
  const at = Date.now()
  const named = { name: 'idle', project: 'bench' }
  const lines = [
    { journal: 1, job_id: randomUUID(), ...named },
    { type: 'started', attempt: 0, at, ...named, total_steps: 100, config: {} },
    { type: 'metrics', attempt: 0, at, step: 1, values: { loss: 1 } },
  ]
  await mkdir(folder)
  await writeFile(
    join(folder, 'journal.jsonl'),
    lines.map((line) => `${JSON.stringify(line)}\n`).join(''),
  )
  return folder
}

async function tableIn(folder: string): Promise<string> {
  await mkdir(folder)
  await writeFile(join(folder, 'metrics.csv'), 'epoch,step,train_loss,val_loss\n0,0,1,\n0,0,,2\n')
  return folder
}
