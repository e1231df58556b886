import type { Server } from 'node:http'
import { createServer } from 'node:net'

/** A name of this machine leads to both, and browsers may try either first. */
const OTHER: ReadonlyMap<string, string> = new Map([
  ['127.0.0.1', '::1'],
  ['::1', '127.0.0.1'],
])

/** What a machine says that has no such address. */
const MISSING = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EINVAL'])

/**
 * Takes the machine's other loopback address on the port that a server listens on, so that nobody
 * else is there to be sent links and cookies. Rejects where somebody is.
 */
export async function listenToBoth(server: Server, host: string, port: number): Promise<void> {
  const other = OTHER.get(host)
  if (other === undefined) return
  const twin = createServer((socket) => server.emit('connection', socket))
  twin.maxConnections = server.maxConnections
  server.once('close', () => twin.close())
  await new Promise<void>((resolve, reject) => {
    twin.once('error', (error: NodeJS.ErrnoException) => {
      if (MISSING.has(error.code ?? '')) resolve()
      else reject(error)
    })
    twin.listen(port, other, resolve)
  })
}
