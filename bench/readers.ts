import { fork, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { TrainingEvent, wire } from '@bestmark/core'
import { openDatabase, recordFacts, registerJob, type Database } from '@bestmark/db'
import { boardEnv, startBoard, temporaryFolder } from '../e2e/board.ts'
import { type Seen, sharedClock, type Stream, type Write } from './audience.ts'
import { ms, printLine } from './figures.ts'
import { Memory, mustBeFlat } from './memory.ts'
import { computed, webServerOf } from './webServer.ts'

const READERS = 300
const SILENT = 20
/** Milliseconds between writes: 40 per second. */
const EVERY = 25
const WRITES = 800
/** Writes before the measurement, because a server does some work only once at its start. */
const WARM_UP = 200
/** One in this many writes also has an evaluation. */
const EVALUATED = 40
const NAMES = ['loss', 'learning_rate', 'grad_norm', 'eval_loss']

/** Milliseconds from a write to each of many readers, beside some that never read. */
export async function run(): Promise<void> {
  await using home = await temporaryFolder()
  await using board = await startBoard(boardEnv(home.path), ['--no-demo'])
  const db = await openDatabase({ home: home.path })
  const job_id = await newJob(db)
  const url = `${board.url}/trpc/watch?input=${encodeURIComponent(question(job_id))}`
  using audience = await audienceOf({ url, token: board.token, readers: READERS, silent: SILENT })
  await writeAll(WARM_UP, (step) => record(db, job_id, step))
  const pid = await webServerOf(board.pid)
  const memory = new Memory(pid)
  const before = await computed(pid)
  const writes = await writeAll(WRITES, (step) => record(db, job_id, WARM_UP + step))
  const work = (await computed(pid)) - before
  const peaks = memory.end()
  const ours = { ...(await audience.look(writes)), work }
  const floor = await bareFanOut(Math.round(ours.bytes))
  await db.close()
  printMeasured(`${READERS} readers`, ours)
  printMeasured('a bare fan-out', floor)
  printLine(
    `  median ${(ours.p50 / floor.p50).toFixed(1)} times, p99 ${(ours.p99 / floor.p99).toFixed(1)}`,
  )
  mustBeFlat(peaks, 'web server')
}

/** What readers received, and the CPU time of their server (ms). */
type Measured = Seen & { work: number }

function printMeasured(
  who: string,
  { p50, p99, share, rate, bytes, messages, work }: Measured,
): void {
  printLine(
    `  ${who}: median ${ms(p50)}, p99 ${ms(p99)}; ${(100 * share).toFixed(1)} % of the writes came; ${rate.toFixed(0)} messages a second of ${(bytes / 1_000).toFixed(1)} kB, ${((1_000 * work) / messages).toFixed(0)} µs of work each`,
  )
}

function question(job_id: string): string {
  return JSON.stringify(
    wire.input.serialize({ jobs: [job_id], series: { job_id, names: NAMES, ordinals: {} } }),
  )
}

async function newJob(db: Database): Promise<string> {
  const job_id = randomUUID()
  const where = { host_id: randomUUID(), host: 'bench', root: '/runs/bench' }
  const named = { name: 'bench', project: 'bench', source: 'journal' }
  await registerJob(db, { job_id, ...where, ...named, status: 'running' })
  return job_id
}

async function record(db: Database, job_id: string, step: number): Promise<number> {
  const fields = { attempt: 0, step, at: Date.now() }
  const values = { loss: 1 / step, learning_rate: 1e-4, grad_norm: Math.sin(step) }
  const lines: object[] = [{ type: 'metrics', ...fields, values }]
  if (step % EVALUATED === 0)
    lines.push({ type: 'evaluation', ...fields, values: { eval_loss: 1 / step } })
  const events = lines.map((line) => TrainingEvent.parse(line))
  return (await recordFacts(db, job_id, events)).revision
}

/** Makes writes at a fixed pace, however long one of them takes. */
async function writeAll(count: number, write: (step: number) => Promise<number>): Promise<Write[]> {
  const writes: Write[] = []
  const begun = sharedClock()
  for (let step = 1; step <= count; step++) {
    await sleep(Math.max(0, begun + step * EVERY - sharedClock()))
    const at = sharedClock()
    writes.push([await write(step), at])
  }
  return writes
}

async function bareFanOut(bytes: number): Promise<Measured> {
  using server = processOf('fanout.ts')
  const [port] = (await once(server.child, 'message')) as [number]
  const url = `http://127.0.0.1:${port}/`
  using audience = await audienceOf({ url, token: '', readers: READERS, silent: SILENT })
  const { pid = 0 } = server.child
  const before = await computed(pid)
  const writes = await writeAll(WRITES, async (revision) => {
    server.child.send({ revision, bytes })
    return revision
  })
  const work = (await computed(pid)) - before
  return { ...(await audience.look(writes)), work }
}

/** Readers in a separate process. */
async function audienceOf(stream: Stream) {
  const { child, ...rest } = processOf('audience.ts')
  const ask = async (question: object): Promise<unknown> => {
    child.send(question)
    const [answer] = (await once(child, 'message')) as [unknown]
    return answer
  }
  await ask({ open: stream })
  return { look: async (writes: Write[]) => (await ask({ look: writes })) as Seen, ...rest }
}

function processOf(file: string): { child: ChildProcess } & Disposable {
  const child = fork(join(import.meta.dirname, file))
  return { child, [Symbol.dispose]: () => void child.kill() }
}
