import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const loader = new URL('../../../packages/db/src/loader.js', import.meta.url).href
const root = fileURLToPath(new URL('..', import.meta.url))

/**
 * A server of the built pages in a folder, for the board of a data folder and a database. `more` are
 * variables that say how it is served.
 */
export async function serve(
  home: string,
  databaseUrl: string,
  pages: string,
  more: NodeJS.ProcessEnv = {},
) {
  const board = { BESTMARK_HOME: home, DATABASE_URL: databaseUrl, PORT: '0' }
  const server = fork('serve.ts', {
    cwd: root,
    env: { ...process.env, ...board, ...more, BESTMARK_PAGES: pages },
    execArgv: ['--import', loader],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const chunks: string[] = []
  for (const stream of [server.stdout, server.stderr]) {
    stream?.on('data', (chunk: Buffer) => chunks.push(chunk.toString()))
  }
  const printed = () => chunks.join('')
  const message = await Promise.race([
    once(server, 'message').then(([message]) => message as { listening: { port: number } }),
    once(server, 'exit').then(() => Promise.reject(new Error(`the server ended: ${printed()}`))),
  ])
  const stop = async (): Promise<void> => {
    if (server.exitCode !== null || server.signalCode !== null) return
    server.kill()
    await once(server, 'exit')
  }
  const protocol = more['BESTMARK_TLS_CERT'] ? 'https' : 'http'
  return { server, printed, url: `${protocol}://localhost:${message.listening.port}`, stop }
}
