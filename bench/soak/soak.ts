import { spawn, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { registerJob } from '@bestmark/db'
import { embeddedServer, readStoredRows, type StoredRows } from '@bestmark/db/testing'
import { openBoard } from '../../apps/trainer/src/board/board.ts'
import { journalSize } from '../../apps/trainer/src/journal/read.ts'
import { JOURNAL } from '@bestmark/core'
import { randomStream } from '@bestmark/char-lm'
import { eventually } from '../../apps/trainer/src/testing.ts'
import { CutConnection } from './cutConnection.ts'
import { bestOf, isRecorded, readJournalRows } from './recorded.ts'
import { Recorders } from './recorders.ts'
import { type Served, servedIn, shipOn } from './shipper.ts'
import { type SourceOutcome, SourcesSoak } from './sources.ts'
import { APPENDS, Appends } from './trainer.ts'

/** What happens to the recorders while training continues. */
export interface Harm {
  seed: number
  /** How many times an agent is killed. */
  kills: number
  /** How many times the database server is killed. */
  server_kills: number
  /** How long its connection is cut (ms). */
  cut: number
}

/** What the training wrote, and what the board has of it in the end. */
export interface Outcome {
  written: StoredRows
  recorded: StoredRows
  best: Awaited<ReturnType<typeof bestOf>>
  appends: Appends
  /** Growth of the journal in bytes, for each time that nothing could be recorded. */
  grown: number[]
  /** Servers that were killed, and the ones that replaced them. */
  servers: number[]
  /** Runs that programs of other kinds wrote at the same time. */
  sources: SourceOutcome[]
  /** What was seen of the served folder while checkpoints were shipped again and again. */
  served: Served
  /** How long the whole soak took (ms). */
  took: number
}

/** The longest time before a working agent is killed (ms): long enough to record and to ship. */
const LONGEST = 1_000

/** Trains, kills and cuts, lets the training end, and reads what the board has. */
export async function soak(
  home: string,
  harm: Harm,
  printLine: PrintLine = silent,
): Promise<Outcome> {
  const since = performance.now()
  const run = { job_id: randomUUID(), folder: join(home, 'trained') }
  const { job_id, folder } = run
  await register(home, run)
  const { trainer, ended } = startTrainer(run)
  using programs = new SourcesSoak(join(home, 'programs'))
  try {
    await registerPrograms(home, programs)
    printLine('training')
    const { servers, grown, served } = await killing(home, run, harm, printLine)
    grown.push(...(await cutting(home, folder, harm, printLine)))
    printLine('agents through the cut ended')
    trainer.kill('SIGTERM')
    await Promise.all([ended, programs.end()])
    printLine('training ended')
    await using board = await openBoard({ BESTMARK_HOME: home })
    await using last = new Recorders({ BESTMARK_HOME: home })
    const size = journalSize(join(folder, JOURNAL))
    await eventually(async () => {
      last.mustLive()
      return (await isRecorded(board.db, job_id, size)) || undefined
    })
    printLine('all is recorded')
    const appends = Appends.parse(JSON.parse(await readFile(join(folder, APPENDS), 'utf8')))
    return {
      written: await readJournalRows(folder),
      recorded: await readStoredRows(board.db, job_id),
      best: await bestOf(board.db, job_id, folder),
      sources: await programs.outcomes(board),
      ...{ appends, grown, servers, served, took: performance.now() - since },
    }
  } finally {
    trainer.kill('SIGKILL')
  }
}

type PrintLine = (line: string) => void

function silent(): void {}

async function register(home: string, { job_id, folder }: Run): Promise<void> {
  await using board = await openBoard({ BESTMARK_HOME: home })
  const { host_id, host, db } = board
  const named = { name: 'soak', project: 'soak', status: 'running', source: JOURNAL } as const
  await registerJob(db, { job_id, host_id, host, root: folder, ...named })
}

async function registerPrograms(home: string, programs: SourcesSoak): Promise<void> {
  await using board = await openBoard({ BESTMARK_HOME: home })
  await programs.register(board)
}

interface Run {
  job_id: string
  folder: string
}

function startTrainer({ folder, job_id }: Run): {
  trainer: ChildProcess
  ended: Promise<unknown>
} {
  const program = fileURLToPath(new URL('trainer.ts', import.meta.url))
  const trainer = spawn(process.execPath, [program, folder, job_id], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  return { trainer, ended: once(trainer, 'exit') }
}

/** Kills agents at seeded instants, and the database server in between. */
async function killing(
  home: string,
  { folder, job_id }: Run,
  { seed, kills, server_kills }: Harm,
  printLine: PrintLine,
): Promise<{ servers: number[]; grown: number[]; served: Served }> {
  await using board = await openBoard({ BESTMARK_HOME: home })
  const over = new AbortController()
  const shipping = shipOn(board.db, { job_id, home }, over.signal)
  const random = randomStream(seed, 'kills')
  await using recorders = new Recorders({ BESTMARK_HOME: home })
  // From here on a folder is served, and every look must find it.
  await eventually(() => servedIn(home))
  const servers: number[] = []
  const grown: number[] = []
  for (let kill = 1; kill <= kills; kill++) {
    await recorders.working()
    await sleep(random() * LONGEST)
    await recorders.kill()
    const due = Math.floor((kill * server_kills) / kills)
    if (servers.length < due) {
      const before = journalSize(join(folder, JOURNAL))
      // The agent that starts the next server may be killed while it does so.
      servers.push(await killServer(home, recorders, random() * LONGEST))
      grown.push(journalSize(join(folder, JOURNAL)) - before)
    }
    if (kill % 10 === 0)
      printLine(`${kill} of ${kills} agents and ${servers.length} servers killed`)
  }
  over.abort()
  return { servers, grown, served: await shipping }
}

/** Kills the server of a data folder and waits until its users have started another. */
async function killServer(home: string, recorders: Recorders, wait: number): Promise<number> {
  const pid = await eventually(async () => (await embeddedServer(home)).pid)
  process.kill(pid, 'SIGKILL')
  await sleep(wait)
  await recorders.kill()
  return eventually(async () => {
    recorders.mustLive()
    const next = (await embeddedServer(home)).pid
    return next !== pid ? next : undefined
  })
}

/** Holds all data on a connection, then cuts it; agents have no other connection. */
async function cutting(
  home: string,
  folder: string,
  { cut }: Harm,
  printLine: PrintLine,
): Promise<number[]> {
  // Keeps the server up, because agents with a DATABASE_URL do not start one.
  await using _board = await openBoard({ BESTMARK_HOME: home })
  const { socket, urlThrough } = await embeddedServer(home)
  await using connection = new CutConnection(join(home, 'cut'), socket)
  await connection.join()
  const through = { BESTMARK_HOME: home, DATABASE_URL: urlThrough(connection.folder) }
  await using recorders = new Recorders(through)
  await recorders.allWorking()
  const before = journalSize(join(folder, JOURNAL))
  connection.hold()
  await sleep(cut / 2)
  await connection.cut()
  await sleep(cut / 2)
  recorders.mustLive()
  const grown = journalSize(join(folder, JOURNAL)) - before
  await connection.join()
  printLine(`the connection was cut for ${cut / 1000} s`)
  return [grown]
}
