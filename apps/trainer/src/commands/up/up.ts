import { hasEnded } from '@bestmark/core'
import { BoardAccess, releaseMemoryWhenIdle, watch } from '@bestmark/db'
import { IS_PACKED } from '@bestmark/db/programs'
import { Agent } from '../../agent/agent.ts'
import { agentOptions } from '../../agent/options.ts'
import { AlertSender } from '../../alerts/alertSender.ts'
import { boardAddress } from '../../alerts/boardAddress.ts'
import { parse } from '../../cli/parse.ts'
import { openBoard, type Board } from '../../board/board.ts'
import { EXIT, Failure } from '../../failure.ts'
import { ProgressLine } from '../../cli/progressLine.ts'
import { StopRequest } from '../../processes/stopRequest.ts'
import { pause } from '../../pause.ts'
import { print } from '../../cli/terminal.ts'
import { ErrorReporter } from '../../cli/errorReporter.ts'
import { freeAddress, noteAddress, type Address } from './address.ts'
import { buildPages } from './build.ts'
import { firstRun, type FirstRun } from './firstRun.ts'
import { developPages, servePages, type WebServer } from './web.ts'
import { Pages } from './pages.ts'
import { UP } from './up.table.ts'
import { runWithRestarts, RESTARTS, type Restarts } from './restarts.ts'

/** How long the run may take to write its last checkpoint before it is killed (ms). Ctrl-C waits for it. */
const PATIENCE = 3_000

/** The wait before a job is watched again after an error (ms). */
const WATCH_AGAIN = 1000

/**
 * Starts the whole board and restarts parts that die, until SIGINT, SIGTERM or SIGHUP. Then it stops
 * the web server and the run, the agent, and the database, in this order.
 */
export async function main(words: readonly string[]): Promise<number> {
  const { values } = parse(words, UP)
  if (values.dev && IS_PACKED) throw new Failure('--dev needs the sources of Bestmark.')
  const restarts = { ...RESTARTS, most: values.restarts }
  using stopRequest = new StopRequest()
  const leaving = untilAborted(stopRequest.signal)
  const address = await freeAddress(process.env)
  await using things = new AsyncDisposableStack()
  const noPages = new AbortController()
  things.defer(() => noPages.abort())
  const until = AbortSignal.any([leaving.signal, noPages.signal])
  const building = values.dev ? Promise.resolve(undefined) : buildPages(until)
  // Awaited below. Until then a failure must not end the process without its message.
  building.catch(() => undefined)
  const board = things.use(await openBoard(process.env, { hasChildren: true }))
  log(`data      ${board.home}`)
  log(`database  ${board.db.describe}`)
  things.defer(releaseMemoryWhenIdle())
  const errors = new ErrorReporter(log)
  const up = async (): Promise<void> => {
    const built = await building
    leaving.signal.throwIfAborted()
    const begin = (at: Address): Promise<WebServer> =>
      built === undefined ? developPages(at, board.home) : servePages(at, board.home, built)
    const pages = things.use(new Pages(begin, address))
    const agent = new Agent(board.db, board, errors, agentOptions())
    const working = keepWorking(agent, restarts, things)
    const listening = await pages.listening()
    keepSending(new AlertSender(board.db, boardAddress(board.home, listening.port), errors), things)
    log(`board     ${await link(listening, board)}`)
    log('Ctrl-C stops everything.')
    leaving.signal.throwIfAborted()
    const showing = values['no-demo'] ? undefined : showFirstRun(board, agent, errors, things)
    // They end while the run writes its last checkpoint, since all must end within five seconds.
    things.defer(() => void pages[Symbol.asyncDispose]())
    await Promise.all([pages.keep(log, restarts), working, showing])
  }
  await Promise.race([leaving.aborted, up()])
  return EXIT.found
}

/** Runs the agent until it is disposed. Its unexpected errors do not end the board. */
function keepWorking(
  agent: Agent,
  restarts: Restarts,
  things: AsyncDisposableStack,
): Promise<void> {
  const over = new AbortController()
  const run = async (): Promise<string> => {
    await agent.work()
    return 'ended by itself'
  }
  const working = runWithRestarts('The agent', run, over.signal, { log, restarts })
  // Awaited once the pages are served. Until then a failure must not end the process without its message.
  working.catch(() => undefined)
  things.defer(async () => {
    over.abort()
    agent.stop()
    await working.catch(() => undefined)
  })
  return working
}

/** Sends alerts until it is disposed. */
function keepSending(sender: AlertSender, things: AsyncDisposableStack): void {
  const working = sender.work()
  things.defer(async () => {
    sender.stop()
    await working
  })
}

/** Trains on an empty board and shows the progress. At the end the run is stopped first. */
async function showFirstRun(
  board: Board,
  agent: Agent,
  errors: ErrorReporter,
  things: AsyncDisposableStack,
): Promise<void> {
  const leaving = new AbortController()
  const beginning = firstRun(board, agent).catch(errors.report)
  things.defer(async () => {
    leaving.abort()
    const run = await beginning
    if (run) await endRun(run)
  })
  const run = await beginning
  if (run) await showProgress(board, run.job_id, errors, leaving.signal)
}

/** Stops the run and waits for its last checkpoint, at most PATIENCE. */
async function endRun(run: FirstRun): Promise<void> {
  run.signal('SIGTERM')
  const impatient = setTimeout(() => run.signal('SIGKILL'), PATIENCE)
  await run.recorded
  clearTimeout(impatient)
}

/** Shows the progress of a job until it ends, also after the database was unavailable. */
async function showProgress(
  { db }: Board,
  job_id: string,
  errors: ErrorReporter,
  signal: AbortSignal,
): Promise<void> {
  const line = new ProgressLine()
  while (!signal.aborted) {
    try {
      for await (const { status } of watch(db, { jobs: [{ job_id, revision: 0 }] }, signal)) {
        line.show(status)
        if (hasEnded(status.status)) return line.end()
      }
    } catch (error) {
      errors.report(error)
      await pause(WATCH_AGAIN, signal)
    }
  }
}

async function link(address: Address, { home }: Board): Promise<string> {
  await noteAddress(home, address)
  const opens = await new BoardAccess(home).link(address)
  // Safari uses the resolver of the system, which cannot resolve the name.
  const inSafari = 'In Safari, replace the name by 127.0.0.1.'
  return process.platform === 'darwin' ? `${opens}\n          ${inSafari}` : opens
}

function untilAborted(signal: AbortSignal): { aborted: Promise<void>; signal: AbortSignal } {
  const aborted = new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
  return { aborted, signal }
}

function log(line: string): void {
  print(line)
}
