import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { systemCode } from '../failure.ts'
import { describeStartError } from './startError.ts'

/** How long a command may take to end after SIGTERM before it is killed (ms). */
const GRACE = 4_000

/** A command with a time limit, and where its output goes. */
export interface TimedCommand {
  argv: readonly string[]
  cwd: string
  /** Default: the environment of this process. */
  env?: NodeJS.ProcessEnv
  /** Files for what it writes to stdout and stderr. */
  out: string
  err: string
  /** Milliseconds; null for no limit. */
  timeout: number | null
  /** Aborted with the name of the signal to pass on. */
  stop: AbortSignal
  /** Called as soon as it runs. */
  started?: (pid: number) => void
}

/** How a command ended; `error` is null if it succeeded. */
export interface CommandEnd {
  error: string | null
  seconds: number
  /** The command cannot be started, so it would fail for every checkpoint. */
  isUnstartable: boolean
}

/**
 * Runs a command without a shell in a new process group, so that its children end with it. Its output
 * goes to files, since it may be long.
 */
export async function runCommand(order: TimedCommand): Promise<CommandEnd> {
  const since = performance.now()
  const end = await outcome(order)
  return { ...end, seconds: (performance.now() - since) / 1000 }
}

async function outcome(order: TimedCommand): Promise<Omit<CommandEnd, 'seconds'>> {
  const [program = '', ...args] = order.argv
  const files = [openSync(order.out, 'w'), openSync(order.err, 'w')] as const
  const child = spawn(program, args, {
    cwd: order.cwd,
    env: order.env ?? process.env,
    detached: true,
    stdio: ['ignore', ...files],
  })
  if (child.pid !== undefined) order.started?.(child.pid)
  const { promise, resolve } = Promise.withResolvers<Omit<CommandEnd, 'seconds'>>()
  child.once('error', (cause) => {
    resolve({ error: describeStartError(program, order.cwd, cause), isUnstartable: true })
  })
  let because: string | undefined
  let grace: NodeJS.Timeout | undefined
  const end = (name: NodeJS.Signals, why: string): void => {
    because ??= why
    signalGroup(child.pid, name)
    grace ??= setTimeout(() => signalGroup(child.pid, 'SIGKILL'), GRACE)
  }
  child.once('exit', (code, signal) => {
    const how = signal ? `was ended by ${signal}` : `ended with exit code ${code}`
    resolve({ error: because ?? (code === 0 ? null : how), isUnstartable: false })
  })
  const onStop = (): void =>
    end(order.stop.reason === 'SIGINT' ? 'SIGINT' : 'SIGTERM', 'was stopped')
  order.stop.addEventListener('abort', onStop, { once: true })
  if (order.stop.aborted) onStop()
  // If this process exits, the command and its children are killed.
  const onExit = (): void => signalGroup(child.pid, 'SIGKILL')
  process.once('exit', onExit)
  const { timeout } = order
  const late =
    timeout === null
      ? undefined
      : setTimeout(() => end('SIGTERM', `took longer than ${timeout / 1000} s`), timeout)
  try {
    return await promise
  } finally {
    process.off('exit', onExit)
    order.stop.removeEventListener('abort', onStop)
    clearTimeout(late)
    clearTimeout(grace)
    files.forEach(closeSync)
  }
}

function signalGroup(pid: number | undefined, name: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, name)
  } catch (error) {
    // The process has ended.
    if (systemCode(error) !== 'ESRCH') throw error
  }
}
