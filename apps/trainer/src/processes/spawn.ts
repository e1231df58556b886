import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { describeStartError } from './startError.ts'

/** How a process ended: with an exit code, or by a signal. */
export interface ProcessEnd {
  code: number | null
  signal: NodeJS.Signals | null
}

/** A process that may run longer than its starter; `exited` resolves only while the starter runs. */
export interface DetachedProcess {
  pid: number
  exited: Promise<ProcessEnd>
  /** Sends it a signal. After its end nothing happens, even if another process has its pid. */
  signal: (name: 'SIGTERM' | 'SIGKILL') => void
}

/** The secret of the board's pages at a provider of accounts, which no training may read. */
const SECRET = 'BESTMARK_OIDC_CLIENT_SECRET'

/** An environment without the secret of the board's pages. */
export function withoutPageSecret(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { ...env, [SECRET]: undefined }
}

/**
 * Starts a program in its own process group, so that it may run longer than its starter. Appends
 * both outputs to a file, or only its errors. Rejects if it cannot be started. The program does not get
 * the secret of the pages.
 */
export function spawnDetached(
  argv: readonly string[],
  options: { cwd: string; logFile: string; env?: NodeJS.ProcessEnv; keeps?: 'all' | 'errors' },
): Promise<DetachedProcess> {
  const [program, ...args] = argv
  if (program === undefined) throw new Error('A program to start must be named.')
  const log = openSync(options.logFile, 'a')
  return new Promise<DetachedProcess>((resolve, reject) => {
    const { cwd, env = process.env, keeps = 'all' } = options
    const out = keeps === 'all' ? log : 'ignore'
    const child = spawn(program, args, {
      ...{ cwd, env: withoutPageSecret(env), detached: true },
      stdio: ['ignore', out, log],
    })
    const exited = new Promise<ProcessEnd>((ended) => {
      child.once('exit', (code, signal) => ended({ code, signal }))
    })
    child.once('spawn', () => {
      child.unref()
      const signal = (name: NodeJS.Signals): void => void child.kill(name)
      if (child.pid !== undefined) resolve({ pid: child.pid, exited, signal })
    })
    child.once('error', (cause) => {
      reject(new Error(describeStartError(program, cwd, cause), { cause }))
    })
  }).finally(() => closeSync(log))
}
