import { hasEnded } from '@bestmark/core'
import { boardToken, watch } from '@bestmark/db'
import { Agent } from '../agent.ts'
import { parseWords } from '../arguments.ts'
import { openBoard, type Board } from '../board.ts'
import { EXIT, sentence } from '../failure.ts'
import { ProgressLine } from '../progress.ts'
import { stopRun } from '../runs.ts'
import { freeAddress, type Address } from '../up/address.ts'
import { buildPages } from '../up/build.ts'
import { firstRun } from '../up/firstRun.ts'
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
    const run = values['no-demo'] ? undefined : await firstRun(board, agent)
    if (run) {
      const recorded = agent.adopt(run, over.signal)
      things.defer(async () => {
        stopRun(run)
        await recorded
      })
      await showProgress(board, run.job_id, over.signal)
    }
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
