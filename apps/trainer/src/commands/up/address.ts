import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { Failure } from '../../failure.ts'

/** The address of the pages. */
export interface Address {
  host: string
  port: number
}

const DEFAULT_PORT = 4173
const LOOPBACK = /^(127(\.\d{1,3}){3}|::1|localhost)$/

/**
 * The free address of HOST and PORT. Throws a Failure if HOST is not an address of this machine only
 * (there are no accounts yet), if PORT is not a port, or if the port is in use.
 */
export async function freeAddress(env: NodeJS.ProcessEnv): Promise<Address> {
  const host = env['HOST'] || '127.0.0.1'
  if (!LOOPBACK.test(host)) {
    throw new Failure(
      `HOST=${host} is refused: Bestmark has no accounts yet, so it listens on this machine only. ` +
        'Remove HOST, and open the board from another machine through "ssh -L".',
    )
  }
  const port = portOf(env) ?? DEFAULT_PORT
  await tryToListen({ host, port })
  // Browsers try both addresses of a local name, so no other program may use the second one.
  if (port !== 0 && host !== '::1') await tryToListen({ host: '::1', port })
  return { host, port }
}

/** Stores the address at which the pages of a data folder are served. */
export async function noteAddress(home: string, { host, port }: Address): Promise<void> {
  await writeFile(join(home, 'address'), `${host} ${port}\n`, { mode: 0o600 })
}

/** The address of the pages of a data folder: HOST and PORT, else the last one stored. */
export async function lastAddress(home: string, env: NodeJS.ProcessEnv): Promise<Address> {
  const noted = await readFile(join(home, 'address'), 'utf8').catch(() => '')
  const [host, port] = noted.trim().split(' ')
  return {
    host: env['HOST'] || host || '127.0.0.1',
    port: portOf(env) || Number(port) || DEFAULT_PORT,
  }
}

function portOf(env: NodeJS.ProcessEnv): number | undefined {
  if (!env['PORT']) return undefined
  const port = Number(env['PORT'])
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  throw new Failure(
    `PORT must be a number from 1 to 65535, or 0 for a free port; got "${env['PORT']}".`,
  )
}

/** The error codes of a machine without ::1. */
const MISSING = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EINVAL'])

function tryToListen({ host, port }: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (cause: NodeJS.ErrnoException) => {
      if (host === '::1' && MISSING.has(cause.code ?? '')) return resolve()
      const isInUse = cause.code === 'EADDRINUSE'
      const why = isInUse ? 'is in use' : `cannot be opened (${cause.code})`
      reject(
        new Failure(
          `Port ${port} ${why}. Use another port, as in PORT=${port < 65_535 ? port + 1 : DEFAULT_PORT}.`,
          { cause },
        ),
      )
    })
    server.listen(port, host, () => server.close(() => resolve()))
  })
}
