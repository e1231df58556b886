import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { expect, test } from 'vitest'
import { guardedServer } from './httpServer.ts'
import { listenToBoth } from './loopback.ts'

async function listening<S extends Server>(server: S, host: string, port = 0): Promise<number> {
  server.listen(port, host)
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

const probe = createServer()
const hasBoth = await listening(probe, '::1').then(
  () => true,
  () => false,
)
probe.close()
const why = hasBoth ? '' : ' (skipped: this machine has no ::1)'

test.runIf(hasBoth)(
  `a board answers on both addresses of the machine, and frees both at its end${why}`,
  async () => {
    const server = guardedServer((_request, response) => response.end('board'))
    const port = await listening(server, '127.0.0.1')
    await listenToBoth(server, '127.0.0.1', port)
    for (const host of ['127.0.0.1', '::1']) {
      const sent = request({
        host,
        port,
        headers: { host: `localhost:${port}`, connection: 'close' },
      })
      const [answer] = (await once(sent.end(), 'response')) as [IncomingMessage]
      expect([host, answer.resume().statusCode]).toEqual([host, 200])
    }
    server.close()
    await once(server, 'close')
    const free = createServer()
    expect(await listening(free, '::1', port)).toBe(port)
    free.close()
  },
)

test.runIf(hasBoth)(
  `a port that another program uses on the other address is refused${why}`,
  async () => {
    const other = createServer()
    const port = await listening(other, '::1')
    const server = guardedServer((_request, response) => response.end('board'))
    await listening(server, '127.0.0.1', port)
    await expect(listenToBoth(server, '127.0.0.1', port)).rejects.toMatchObject({
      code: 'EADDRINUSE',
    })
    server.close()
    other.close()
  },
)
