import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { hostname } from 'node:os'
import { Refused, type Serving, servingOf } from '@bestmark/db'
import { Failure } from '../../failure.ts'

/** The address of the pages. */
export interface Address {
  host: string
  port: number
}

const DEFAULT_PORT = 4173
const LOCAL = /^(127(\.\d{1,3}){3}|localhost)$/

/** How the board is served. Throws a Failure if variables are wrong or do not fit together. */
export function servingFrom(env: NodeJS.ProcessEnv): Serving {
  try {
    return servingOf(env)
  } catch (error) {
    throw error instanceof Refused ? new Failure(error.message, { cause: error }) : error
  }
}

/** The free address of HOST and PORT. Throws a Failure if PORT is not a port, or is in use. */
export async function freeAddress(env: NodeJS.ProcessEnv, host: string): Promise<Address> {
  const port = portOf(env) ?? DEFAULT_PORT
  await tryToListen({ host, port })
  // Browsers try both addresses of a local name, so no other program may use the second one.
  if (port !== 0 && LOCAL.test(host)) await tryToListen({ host: '::1', port })
  return { host, port }
}

/** The address of a board with accounts, for browsers of other machines. */
export function openAddress({ host, port }: Address, { url, tls }: Serving): string {
  if (url) return url.origin
  const any = ['0.0.0.0', '::'].includes(host)
  const name = any ? hostname() : host.includes(':') ? `[${host}]` : host
  return `${tls ? 'https' : 'http'}://${name}:${port}`
}

/**
 * Stores the address at which the pages of a data folder are served, and for a board with accounts
 * that for browsers.
 */
export async function noteAddress(
  home: string,
  { host, port }: Address,
  open?: string,
): Promise<void> {
  const words = [host, port, ...(open === undefined ? [] : [open])]
  await writeFile(join(home, 'address'), `${words.join(' ')}\n`, { mode: 0o600 })
}

/** Where the pages of a data folder were served last. */
interface LastAddress extends Address {
  /** The address for browsers, if people sign in there. */
  open: string | undefined
}

/** The address of the pages of a data folder: HOST and PORT, else the last one stored. */
export async function lastAddress(home: string, env: NodeJS.ProcessEnv): Promise<LastAddress> {
  const noted = await readFile(join(home, 'address'), 'utf8').catch(() => '')
  const [host, port, open] = noted.trim().split(' ')
  return {
    host: env['HOST'] || host || '127.0.0.1',
    port: portOf(env) || Number(port) || DEFAULT_PORT,
    open,
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
