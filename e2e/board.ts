import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('..', import.meta.url))
const BESTMARK = join(ROOT, 'bestmark')
const LAST_LINE = 'Ctrl-C stops everything.'

/**
 * A new folder that is removed when the test ends. A board that was stopped on a busy machine may leave
 * its database running for some seconds, which still writes files.
 */
export async function temporaryFolder(): Promise<{ path: string } & AsyncDisposable> {
  const path = await realpath(await mkdtemp(join(tmpdir(), 'bestmark-e2e-')))
  return { path, [Symbol.asyncDispose]: () => rm(path, REMOVAL) }
}

/** Tried again after 100 ms, 200 ms and so on: for half a minute. */
const REMOVAL = { recursive: true, force: true, maxRetries: 24, retryDelay: 100 }

/** The environment of a separate board, without the caller's variables for another board. */
export function boardEnv(home: string, more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const { DATABASE_URL: _url, HOST: _host, INIT_CWD: _cwd, ...env } = process.env
  return { ...env, BESTMARK_HOME: home, PORT: '0', ...more }
}

/** Runs a command to its end. */
export async function bestmark(
  words: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(BESTMARK, words, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const code = exitOf(child)
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
  return { code: await code, stdout, stderr }
}

/** A running board, as its starter sees it. */
export interface RunningBoard extends AsyncDisposable {
  /** The printed link. */
  link: string
  /** The board's address under a name that Node resolves; only browsers resolve the link's name. */
  url: string
  token: string
  /** The output so far. */
  printed: () => string
  /** Ctrl-C: signals the terminal's whole process group; resolves with how the board ended. */
  interrupt: () => Promise<{ code: number | null; milliseconds: number }>
  /** The process that was started. */
  pid: number
  /** Resolves with its exit code, however it ends. */
  ended: Promise<number | null>
}

/** Starts a board and waits for all lines of its start. Throws with the output if no link comes. */
export async function startBoard(
  env: NodeJS.ProcessEnv,
  words: readonly string[] = [],
): Promise<RunningBoard> {
  const child = spawn(BESTMARK, ['up', ...words], {
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const { link, printed } = await linkFrom(child)
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null
  while (isRunning() && !printed().includes(LAST_LINE)) await setTimeout(20)
  const { port, searchParams } = new URL(link)
  const interrupt = async () => {
    const since = performance.now()
    const ended = exitOf(child)
    if (child.exitCode === null && child.pid) process.kill(-child.pid, 'SIGINT')
    return { code: await ended, milliseconds: performance.now() - since }
  }
  return {
    link,
    url: `http://127.0.0.1:${port}`,
    token: searchParams.get('token') ?? '',
    printed,
    interrupt,
    pid: child.pid ?? 0,
    ended: exitOf(child),
    [Symbol.asyncDispose]: async () => void (await interrupt()),
  }
}

/** Waits for the link that a starting board prints. Throws with the output if the board ends before. */
export async function linkFrom(
  child: ChildProcess,
): Promise<{ link: string; printed: () => string }> {
  let output = ''
  const link = await new Promise<string>((resolve, reject) => {
    const hear = (piece: Buffer): void => {
      output += String(piece)
      const found = /http:\/\/\S+\?token=\w+/.exec(output)
      if (found) resolve(found[0])
    }
    child.stdout?.on('data', hear)
    child.stderr?.on('data', hear)
    child.once('exit', (code) => {
      reject(new Error(`ended with ${code} before its link:\n${output}`))
    })
  })
  return { link, printed: () => output }
}

function exitOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => resolve(code))
  })
}
