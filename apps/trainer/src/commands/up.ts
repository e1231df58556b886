import { hasEnded } from '@bestmark/core'
import { boardToken, watch } from '@bestmark/db'
import { Agent } from '../agent.ts'
import { agentSettings } from '../agentSettings.ts'
import { parseWords } from '../arguments.ts'
import { openBoard, type Board } from '../board.ts'
import { EXIT, Failure } from '../failure.ts'
import { ProgressLine } from '../progress.ts'
import { print } from '../terminal.ts'
import { Troubles } from '../troubles.ts'
import { freeAddress, type Address } from '../up/address.ts'
import { buildPages } from '../up/build.ts'
import { firstRun, type FirstRun } from '../up/firstRun.ts'
import { developPages, servePages } from '../up/web.ts'

export const usage = `bestmark up [--no-demo] [--dev]
PORT (4173), HOST (127.0.0.1), BESTMARK_HOME (.bestmark) and DATABASE_URL (embedded) are honoured.`

/** How long the run may take to write its last checkpoint before it is killed (ms). */
const PATIENCE = 4000

const OPTIONS = {
  'no-demo': { type: 'boolean', default: false },
  dev: { type: 'boolean', default: false },
} as const

/**
 * Starts the whole board and keeps it up until SIGINT, SIGTERM or SIGHUP; then stops the run, the
 * recorder, the web server and the database, in this order.
 */
export async function main(words: readonly string[]): Promise<number> {
  const { values } = parseWords(words, OPTIONS, usage)
  const leaving = untilSignal()
  const address = await freeAddress(process.env)
  await using things = new AsyncDisposableStack()
  const noPages = new AbortController()
  things.defer(() => noPages.abort())
  const until = AbortSignal.any([leaving.signal, noPages.signal])
  const building = values.dev ? Promise.resolve(false) : buildPages(until)
  // Awaited below; until then a failure must not end the process without its sentence.
  building.catch(() => undefined)
  const board = things.use(await openBoard())
  say(`data      ${board.home}`)
  say(`database  ${board.db.describe}`)
  const up = async (): Promise<void> => {
    await building
    leaving.signal.throwIfAborted()
    const serving = (values.dev ? developPages : servePages)(address, board.home)
    things.defer(() => serving.then((web) => web[Symbol.asyncDispose]()))
    const agent = startAgent(board, things)
    const web = await serving
    say(`board     ${await link(web.address, board)}`)
    say('Ctrl-C stops everything.')
    leaving.signal.throwIfAborted()
    if (!values['no-demo']) await showFirstRun(board, agent, things)
    await web.exited
    throw new Failure('The web server ended by itself; what it said stands above.')
  }
  await Promise.race([leaving.heard, up()])
  return EXIT.found
}

function startAgent(board: Board, things: AsyncDisposableStack): Agent {
  const agent = new Agent(board.db, board, new Troubles(say), agentSettings())
  const working = agent.work()
  things.defer(async () => {
    agent.stop()
    await working
  })
  return agent
}

/** Trains on an empty board, showing how it goes; the run is stopped before anything else is. */
async function showFirstRun(
  board: Board,
  agent: Agent,
  things: AsyncDisposableStack,
): Promise<void> {
  const leaving = new AbortController()
  const beginning = firstRun(board, agent)
  things.defer(async () => {
    leaving.abort()
    const run = await beginning
    if (run) await endRun(run)
  })
  const run = await beginning
  if (run) await showProgress(board, run.job_id, leaving.signal)
}

/** Waits for the run's last checkpoint, but no longer than Ctrl-C may take. */
async function endRun(run: FirstRun): Promise<void> {
  run.signal('SIGTERM')
  const impatient = setTimeout(() => run.signal('SIGKILL'), PATIENCE)
  await run.recorded
  clearTimeout(impatient)
}

async function showProgress({ db }: Board, job_id: string, signal: AbortSignal): Promise<void> {
  const line = new ProgressLine()
  for await (const { status } of watch(db, { jobs: [{ job_id, revision: 0 }] }, signal)) {
    line.show(status)
    if (hasEnded(status.status)) break
  }
  line.end()
}

async function link({ host, port }: Address, { home }: Board): Promise<string> {
  const name = host.includes(':') ? `[${host}]` : host
  return `http://${name}:${port}/?token=${await boardToken(home)}`
}

/** Hears the first request to leave; later ones change nothing. */
function untilSignal(): { heard: Promise<void>; signal: AbortSignal } {
  const leaving = new AbortController()
  const heard = new Promise<void>((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(name, () => {
        leaving.abort()
        resolve()
      })
    }
  })
  return { heard, signal: leaving.signal }
}

function say(line: string): void {
  print(line)
}
