import { hasEnded } from '@bestmark/core'
import { boardToken, claimOnce, listJobs, watch } from '@bestmark/db'
import { Agent } from '../agent.ts'
import { parseWords } from '../arguments.ts'
import { openBoard, type Board } from '../board.ts'
import { EXIT, sentence } from '../failure.ts'
import { ProgressLine } from '../progress.ts'
import { CHAR_LM } from '../recipes/recipe.ts'
import { startRun, stopRun, type StartedRun } from '../runs.ts'
import { freeAddress, type Address } from '../up/address.ts'
import { buildPages } from '../up/build.ts'
import { developPages, servePages, type WebServer } from '../up/web.ts'

export const usage = `bestmark up [--no-demo] [--dev]
PORT (4173), HOST (127.0.0.1), BESTMARK_HOME (.bestmark) and DATABASE_URL (embedded) are honoured.`

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
  const stopped = untilSignal()
  const address = await freeAddress(process.env)
  const building = values.dev ? Promise.resolve(false) : buildPages()
  // Awaited below; until then a failure must not end the process without its sentence.
  building.catch(() => undefined)
  await using things = new AsyncDisposableStack()
  const board = things.use(await openBoard())
  say(`data      ${board.home}`)
  say(`database  ${board.db.describe}`)
  let web: WebServer | undefined
  things.defer(() => web?.[Symbol.asyncDispose]())
  const over = new AbortController()
  const agent = startAgent(board, over, things)
  const up = async (): Promise<void> => {
    await building
    web = await (values.dev ? developPages : servePages)(address, board.home)
    say(`board     ${await link(web.address, board)}`)
    say('Ctrl-C stops everything.')
    const run = values['no-demo'] ? undefined : await firstRun(board, agent, over.signal, things)
    if (run) await showProgress(board, run, over.signal)
    await web.exited
  }
  await Promise.race([stopped, up()])
  return EXIT.found
}

function startAgent(board: Board, over: AbortController, things: AsyncDisposableStack): Agent {
  const agent = new Agent(board.db, board, (error) => say(sentence(error)))
  const working = agent.work(over.signal)
  things.defer(async () => {
    over.abort()
    await working
  })
  return agent
}

/** On an empty board the built-in recipe is trained, once: a second start finds it claimed. */
async function firstRun(
  board: Board,
  agent: Agent,
  signal: AbortSignal,
  things: AsyncDisposableStack,
): Promise<StartedRun | undefined> {
  const { total } = await listJobs(board.db, { limit: 1 })
  if (total > 0 || !(await claimOnce(board.db, 'first run'))) return undefined
  const [preset] = CHAR_LM.presets
  const order = { recipe: CHAR_LM, preset, name: 'moby-char-lm', project: 'examples' }
  const run = await startRun(board.db, board, order)
  const recorded = agent.adopt(run, signal)
  things.defer(async () => {
    stopRun(run)
    await recorded
  })
  return run
}

async function showProgress(board: Board, run: StartedRun, signal: AbortSignal): Promise<void> {
  const line = new ProgressLine()
  const jobs = [{ job_id: run.job_id, revision: 0 }]
  for await (const { status } of watch(board.db, { jobs }, signal)) {
    line.show(status)
    if (hasEnded(status.status)) break
  }
  line.end()
}

async function link({ host, port }: Address, { home }: Board): Promise<string> {
  const name = host.includes(':') ? `[${host}]` : host
  return `http://${name}:${port}/?token=${await boardToken(home)}`
}

function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => resolve())
    }
  })
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
