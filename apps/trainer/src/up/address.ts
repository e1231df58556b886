import { createServer } from 'node:net'
import { Failure } from '../failure.ts'

/** Where the pages are served. */
export interface Address {
  host: string
  port: number
}

const DEFAULT_PORT = 4173
const LOOPBACK = /^(127(\.\d{1,3}){3}|::1|localhost)$/

/**
 * The address that HOST and PORT name, free to listen on. Throws a Failure where HOST is not this
 * machine alone (there are no accounts yet), where PORT is no port, and where it is taken.
 */
export async function freeAddress(env: NodeJS.ProcessEnv): Promise<Address> {
  const host = env['HOST'] || '127.0.0.1'
  if (!LOOPBACK.test(host)) {
    throw new Failure(
      `HOST=${host} is refused: there are no accounts yet, so Bestmark listens on this machine alone. ` +
        'Leave HOST out, and reach the board from elsewhere through "ssh -L".',
    )
  }
  const port = Number(env['PORT'] || DEFAULT_PORT)
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new Failure(
      `PORT=${env['PORT']} is no port; give a number from 1 to 65535, or 0 for a free one.`,
    )
  }
  await tryToListen({ host, port })
  return { host, port }
}

function tryToListen({ host, port }: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const taken = cause.code === 'EADDRINUSE'
      const why = taken ? 'is taken' : `cannot be listened on (${cause.code})`
      reject(
        new Failure(
          `Port ${port} ${why}. Give another one, as in PORT=${port < 65_535 ? port + 1 : DEFAULT_PORT}.`,
          { cause },
        ),
      )
    })
    server.listen(port, host, () => server.close(() => resolve()))
  })
}
