import { randomUUID } from 'node:crypto'
import { notify, print } from '../../cli/terminal.ts'
import { EXIT, type Exit, Failure } from '../../failure.ts'
import { BoardRefused } from '../../outbox/boardRefused.ts'
import { BoardTarget } from '../../outbox/boardTarget.ts'
import { Sending, type SendingListener, type SentState } from '../../outbox/sending.ts'
import { type Outbox, outboxHere } from '../../outbox/outbox.ts'
import { SentRuns } from '../../outbox/sentRuns.ts'
import { StopRequest } from '../../processes/stopRequest.ts'
import type { FoundRun } from '../../sources/runSearch.ts'
import { nameBelow } from './runName.ts'

/** How often in a row --once tries to reach the board, and how long a stopped command sends (ms). */
const TRIES = { once: 3, patience: 2_000 }

interface SendOptions {
  to: string
  project: string | undefined
  once: boolean
  json: boolean
}

/** Sends the runs below folders to a board, until SIGINT or SIGTERM, or once. */
export async function sendRuns(
  paths: readonly string[],
  { to, project, once, json }: SendOptions,
): Promise<Exit> {
  const target = new BoardTarget(to)
  const outbox = await outboxHere()
  using stopRequest = new StopRequest()
  const { signal } = stopRequest
  const isThere = await assertTaken(target, signal)
  const sending = new Sending(target, listenerOf(json))
  const nameOf = (run: FoundRun): Promise<string> => nameOfRun(paths, run)
  const runs = new SentRuns(outbox, sending, { project, nameOf }, notify)
  runs.addLeft()
  if (!isThere) notify(`Cannot reach ${target.address} now. Nothing is lost: runs are sent later.`)
  else notify(`Watching ${paths.join(', ')}. Runs are sent to ${target.address}.`)
  if (once) {
    await runs.look(paths, signal, true)
    await runs.read()
    await sending.finish(TRIES.once, signal)
    runs.removeSent()
  } else await untilStopped(runs, sending, paths, signal)
  const isWhole = sayLeft(sending, target, outbox)
  return once && !isWhole ? EXIT.unusable : EXIT.found
}

async function untilStopped(
  runs: SentRuns,
  sending: Sending,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const over = new AbortController()
  const until = AbortSignal.any([signal, over.signal])
  const reading = runs.watch(paths, until)
  try {
    await sending.work(signal)
  } finally {
    over.abort()
    await reading
  }
  await sending.finish(1, AbortSignal.timeout(TRIES.patience))
}

/** Whether the board has every run whole. Says what is left. */
function sayLeft(sending: Sending, target: BoardTarget, { outbox }: Outbox): boolean {
  const { refused, waiting, bytes } = sending.left
  if (waiting > 0) {
    const part = bytes > 0 ? `${bytes} bytes` : 'Some files'
    const what = `${part} of ${waiting} runs are not on ${target.address} yet`
    notify(`${what}. They stay in ${outbox}, and are sent when this command runs again.`)
  }
  return refused + waiting === 0
}

/**
 * Whether the board answers now. Throws a Failure if it takes nothing from this token, or is no board:
 * waiting would not help.
 */
async function assertTaken(target: BoardTarget, signal: AbortSignal): Promise<boolean> {
  try {
    await target.offsetOf(randomUUID(), signal)
    return true
  } catch (error) {
    if (!(error instanceof BoardRefused)) throw error
    if (error.isOfBoard) throw new Failure(error.message, { cause: error })
    // A token of one job is valid, and refuses this unknown one.
    return error.code !== 'away'
  }
}

async function nameOfRun(paths: readonly string[], run: FoundRun): Promise<string> {
  const above = paths.find((path) => run.folder === path || run.folder.startsWith(`${path}/`))
  return nameBelow(above ?? paths[0] ?? run.root, run)
}

/** Prints messages for people to stderr, and states for programs to stdout. */
function listenerOf(json: boolean): SendingListener {
  const printed = new Map<string, string>()
  return {
    message: notify,
    onState: (job_id: string, state: SentState, code: string | null) => {
      if (!json || printed.get(job_id) === state) return
      printed.set(job_id, state)
      print(JSON.stringify({ job_id, state, code }))
    },
  }
}
