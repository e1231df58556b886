import { fork, spawn, type ChildProcess } from 'node:child_process'
import { nodeOptions, programPath } from '@bestmark/db/programs'
import { Failure } from '../../failure.ts'
import type { Address } from './address.ts'
import { VITE, WEB } from './build.ts'

const SERVER = programPath('../../../../web/serve.ts', import.meta.url)

/** How long the server may take to close live connections before it is killed (ms). */
const PATIENCE = 2000

/** The process that serves the pages. */
export class WebServer implements AsyncDisposable {
  readonly address: Address
  readonly #child: ChildProcess
  readonly #ended: Promise<string>

  constructor(child: ChildProcess, address: Address) {
    this.#child = child
    this.address = address
    this.#ended = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        resolve(signal ? `was killed by ${signal}` : `ended with exit code ${code}`)
      })
    })
  }

  /** Fulfils with how the server ended. */
  get ended(): Promise<string> {
    return this.#ended
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGTERM')
    const impatient = setTimeout(() => this.#child.kill('SIGKILL'), PATIENCE)
    await this.#ended
    clearTimeout(impatient)
  }
}

/**
 * Starts the server of the built pages and waits until it listens. It is in a new process group, so
 * that Ctrl-C does not stop it before the run. It ends with this process. Its output goes where the
 * output of this process goes, or all of it to stderr.
 */
export async function servePages(
  { host, port }: Address,
  home: string,
  pages: string,
  output: 'inherit' | 'stderr' = 'inherit',
): Promise<WebServer> {
  const child = fork(SERVER, {
    cwd: WEB,
    detached: true,
    env: {
      ...process.env,
      HOST: host,
      PORT: String(port),
      BESTMARK_HOME: home,
      BESTMARK_PAGES: pages,
    },
    execArgv: nodeOptions(),
    stdio: ['ignore', output === 'stderr' ? 2 : output, 'inherit', 'ipc'],
  })
  const listening = await new Promise<number>((resolve, reject) => {
    child.once('message', (message: { listening: { port: number } }) =>
      resolve(message.listening.port),
    )
    child.once('error', reject)
    child.once('exit', (code) => {
      reject(new Failure(`The web server ended with exit code ${code} before it was ready.`))
    })
  })
  return new WebServer(child, { host, port: listening })
}

/** Serves the pages from their sources and shows each change at once. */
export async function developPages({ host, port }: Address, home: string): Promise<WebServer> {
  const words = ['dev', '--host', host, '--port', String(port), '--strictPort']
  const child = spawn(process.execPath, [VITE, ...words], {
    cwd: WEB,
    detached: true,
    env: { ...process.env, BESTMARK_HOME: home },
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  return new WebServer(child, { host, port })
}
