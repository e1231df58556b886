import { hasEnded } from '@bestmark/core'
import {
  BoardAccess,
  HomeUnusable,
  makeHome,
  releaseMemoryWhenIdle,
  resolveHome,
  type Serving,
  setupSecret,
  watch,
} from '@bestmark/db'
import { Agent } from '../../agent/agent.ts'
import { AGENT_CONNECTIONS, agentOptions } from '../../agent/options.ts'
import { AlertSender } from '../../alerts/alertSender.ts'
import { boardAddress } from '../../alerts/boardAddress.ts'
import { openBoard, type Board } from '../../board/board.ts'
import { joinLink } from '../../board/joinLink.ts'
import { Failure } from '../../failure.ts'
import { ProgressLine } from '../../cli/progressLine.ts'
import type { StopRequest } from '../../processes/stopRequest.ts'
import { pause } from '../../pause.ts'
import { print } from '../../cli/terminal.ts'
import { ErrorReporter } from '../../cli/errorReporter.ts'
import { freeAddress, noteAddress, openAddress, servingFrom, type Address } from './address.ts'
import { BoardClaim } from './boardClaim.ts'
import { firstRun, type FirstRun } from './firstRun.ts'
import { developPages, servePages, type WebServer } from './web.ts'
import { Pages } from './pages.ts'
import { runWithRestarts, RESTARTS, type Restarts } from './restarts.ts'

/** How long the run may take to write its last checkpoint before it is killed (ms). Ctrl-C waits for it. */
const PATIENCE = 3_000

/** The wait before a job is watched again after an error (ms). */
const WATCH_AGAIN = 1000

/** What `up` was asked for. */
export interface Wanted {
  /** The folder of the built pages, or undefined for pages from their sources. */
  building: Promise<string | undefined>
  isDevelopment: boolean
  /** How often a part may die in a row. */
  restarts: number
  /** Whether an empty board trains a run. */
  hasDemo: boolean
}

/**
 * Starts the whole board and restarts parts that die, until the stop is requested. Then it stops
 * the web server and the run, the agent, and the database, in this order.
 */
export async function keepBoard(wanted: Wanted, stopRequest: StopRequest): Promise<void> {
  const restarts = { ...RESTARTS, most: wanted.restarts }
  const leaving = untilAborted(stopRequest.signal)
  const serving = servingFrom(process.env)
  if (wanted.isDevelopment && serving.hasAccounts) {
    throw new Failure('--dev serves this machine only. Remove HOST and BESTMARK_PROXIES.')
  }
  await using things = new AsyncDisposableStack()
  const claim = things.use(await claimHome())
  const address = await freeAddress(process.env, serving.host)
  const board = things.use(
    await openBoard(process.env, { hasChildren: true, connections: AGENT_CONNECTIONS }),
  )
  log(`data      ${board.home}`)
  log(`database  ${board.db.describe}`)
  things.defer(releaseMemoryWhenIdle())
  const errors = new ErrorReporter(log)
  const up = async (): Promise<void> => {
    const built = await wanted.building
    leaving.signal.throwIfAborted()
    const begin = (at: Address): Promise<WebServer> =>
      built === undefined ? developPages(at, board.home) : servePages(at, board.home, built)
    const pages = things.use(new Pages(begin, address))
    const agent = new Agent(board.db, board, errors, agentOptions())
    const working = keepWorking(agent, restarts, things)
    const told = Promise.withResolvers<void>()
    const showing = wanted.hasDemo
      ? showFirstRun(board, agent, errors, things, told.promise)
      : undefined
    const listening = await pages.listening()
    const open = serving.hasAccounts ? openAddress(listening, serving) : undefined
    await noteAddress(board.home, listening, open)
    const inMessages = boardAddress(board.home, listening.port, process.env, open)
    keepSending(new AlertSender(board.db, inMessages, errors), things)
    if (open === undefined) log(`board     ${await link(listening, board)}`)
    else for (const line of await accountLines(open, serving, board)) log(line)
    await claim.serves(open ?? `${listening.host}:${listening.port}`)
    log('Ctrl-C stops everything.')
    leaving.signal.throwIfAborted()
    told.resolve()
    // They end while the run writes its last checkpoint, since all must end within five seconds.
    things.defer(() => void pages[Symbol.asyncDispose]())
    await Promise.all([pages.keep(log, restarts), working, showing])
  }
  await Promise.race([leaving.aborted, up()])
}

/** Makes sure that no other `bestmark up` uses the data folder. */
async function claimHome(): Promise<BoardClaim> {
  const home = resolveHome()
  try {
    await makeHome(home)
    return await BoardClaim.of(home)
  } catch (error) {
    throw error instanceof HomeUnusable ? new Failure(error.message, { cause: error }) : error
  }
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

/** Trains on an empty board and shows the progress once the link is told. At the end the run is stopped first. */
async function showFirstRun(
  board: Board,
  agent: Agent,
  errors: ErrorReporter,
  things: AsyncDisposableStack,
  told: Promise<void>,
): Promise<void> {
  const leaving = new AbortController()
  const beginning = firstRun(board, agent, leaving.signal).catch(errors.report)
  things.defer(async () => {
    leaving.abort()
    const run = await beginning
    if (run) await endRun(run)
  })
  const run = await beginning
  await told
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
  const opens = await new BoardAccess(home).link(address)
  // Safari uses the resolver of the system, which cannot resolve the name.
  const inSafari = 'In Safari, replace the name by 127.0.0.1.'
  return process.platform === 'darwin' ? `${opens}\n          ${inSafari}` : opens
}

/** How people get in, for a board that they sign in to. */
async function accountLines(open: string, serving: Serving, board: Board): Promise<string[]> {
  // The key of the cookies is derived from the token, which may be new.
  await new BoardAccess(board.home).token()
  const secret = await setupSecret(board.db, board.home)
  const why = serving.url ? open : `HOST=${serving.host}`
  const lines = [
    `board     ${open}/`,
    `accounts  ${why} can be reached from other machines, so people sign in.`,
    '          The link of this board opens nothing now. Programs use "bestmark tokens".',
  ]
  if (secret !== undefined) {
    lines.push(
      `setup     ${joinLink(open, secret)}`,
      '          This link makes the first account, that of the admin. Then it ends.',
    )
  }
  if (!open.startsWith('https:')) {
    lines.push(
      'warning   Passwords cross the network in clear text. Set BESTMARK_TLS_CERT and',
      '          BESTMARK_TLS_KEY, or put a proxy with https before the board (BESTMARK_PROXIES).',
    )
  }
  return lines
}

function untilAborted(signal: AbortSignal): { aborted: Promise<void>; signal: AbortSignal } {
  const aborted = new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
  return { aborted, signal }
}

function log(line: string): void {
  print(line)
}
