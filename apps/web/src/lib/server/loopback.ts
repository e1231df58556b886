import type { Server } from 'node:http'
import { createServer } from 'node:net'

/** A name of this machine may mean either address, and browsers may try either first. */
const OTHER: ReadonlyMap<string, string> = new Map([
  ['127.0.0.1', '::1'],
  ['::1', '127.0.0.1'],
])

/** Error codes of a machine without such an address. */
const MISSING = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EINVAL'])

/**
 * Also listens on the machine's other loopback address, on the same port, so that no other program
 * can receive links and cookies there. Rejects if another program listens there.
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
