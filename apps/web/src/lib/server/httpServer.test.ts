import { once } from 'node:events'
import type { Server } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, expect, test } from 'vitest'
import { guardedServer, type Handler, LIMITS } from './httpServer.ts'

const SHORT = { ...LIMITS, headers: 300, request: 600, idle: 300, check: 50 }

let server: Server | undefined
afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})

async function opened(handle: Handler, limits = SHORT): Promise<() => Promise<Socket>> {
  server = guardedServer(handle, { limits }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return async () => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => undefined)
    await once(socket, 'connect')
    return socket
  }
}

const hello: Handler = (request, response) =>
  void request.resume().on('end', () => response.end('hello'))

/** What the server sends until it closes or breaks the connection, which it must do. */
async function answerTo(socket: Socket, bytes: string): Promise<string> {
  let received = ''
  socket.on('data', (piece: Buffer) => (received += piece.toString()))
  socket.write(bytes)
  await new Promise((closed) => socket.once('close', closed))
  return received
}

const GET = 'GET / HTTP/1.1\r\nhost: localhost\r\n'

test('a client that sends slowly, or nothing, is disconnected', async () => {
  const open = await opened(hello)
  expect(await answerTo(await open(), '')).toMatch(/^(HTTP\/1.1 408 |$)/)
  const drip = await open()
  const dripping = setInterval(() => drip.write('x-a: b\r\n'), 20)
  // Bytes that arrive after the close break the connection, and its answer may be lost.
  expect(await answerTo(drip, GET)).toMatch(/^(HTTP\/1.1 408 |$)/)
  clearInterval(dripping)
  const body = 'POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\nx'
  expect(await answerTo(await open(), body)).toMatch(/^HTTP\/1.1 408 /)
})

test('an idle connection is closed', async () => {
  const open = await opened(hello)
  expect(await answerTo(await open(), `${GET}\r\n`)).toMatch(/hello$/)
})

test('an answer that takes too long ends with 503, and its handler may continue', async () => {
  const late = Promise.withResolvers<void>()
  const open = await opened(
    (_request, response) => {
      setTimeout(() => {
        response.setHeader('x-late', 'yes')
        response.end('late')
        late.resolve()
      }, 500)
    },
    { ...SHORT, answer: 300 },
  )
  expect(await answerTo(await open(), `${GET}\r\n`)).toMatch(/^HTTP\/1.1 503 .*took too long/s)
  await late.promise
})

test('a live stream has no time limit', async () => {
  const open = await opened(
    (_request, response) => {
      response.setHeader('content-type', 'text/event-stream').write('first\n')
      setTimeout(() => response.end('last\n'), 900)
    },
    { ...SHORT, answer: 300 },
  )
  expect(await answerTo(await open(), `${GET}connection: close\r\n\r\n`)).toMatch(/first.*last/s)
})

test('a live stream whose reader stops is ended, and one that is read continues', async () => {
  const ended: string[] = []
  const open = await opened(
    ({ url = '' }, response) => {
      response.setHeader('content-type', 'text/event-stream')
      // Reads only as much as is requested.
      const fill = (): void => void response.write('x'.repeat(65_536))
      if (url === '/stops') {
        response.on('drain', fill)
        fill()
      }
      const pinging = setInterval(() => response.writableNeedDrain || response.write('ping\n'), 50)
      response.on('close', () => {
        clearInterval(pinging)
        ended.push(url)
      })
    },
    { ...SHORT, stalled: 400 },
  )
  const reads = await open()
  reads.resume().write(`GET /reads ${GET.slice(6)}\r\n`)
  const stops = await open()
  stops.pause().write(`GET /stops ${GET.slice(6)}\r\n`)
  await expect.poll(() => ended, { timeout: 4_000 }).toEqual(['/stops'])
  reads.destroy()
  await expect.poll(() => ended).toEqual(['/stops', '/reads'])
})

test('a body that declares too much length is refused and not read', async () => {
  let handled = 0
  const open = await opened(() => handled++)
  const claim = `POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${LIMITS.body + 1}\r\n\r\n`
  expect(await answerTo(await open(), claim)).toMatch(/^HTTP\/1.1 413 /)
  expect(handled).toBe(0)
})

test('an ambiguous request is refused', async () => {
  let handled = 0
  const open = await opened(() => handled++)
  const refused = [
    'GET / HTTP/1.1\r\nhost: localhost\r\nhost: evil.example\r\n\r\n',
    'GET / HTTP/1.1\r\n\r\n',
    'GET http://evil.example/ HTTP/1.1\r\nhost: localhost\r\n\r\n',
    'POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    'POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nx',
    'GET / HTTP/1.1\nhost: localhost\n\n',
    `GET /${'x'.repeat(2 * LIMITS.head)} HTTP/1.1\r\nhost: localhost\r\n\r\n`,
  ]
  for (const bytes of refused) {
    expect(await answerTo(await open(), bytes)).toMatch(/^HTTP\/1.1 4(00|31) /)
  }
  expect(handled).toBe(0)
})

test('other methods than those of the board, and other names than those of the machine, are refused', async () => {
  const open = await opened(hello)
  for (const method of ['PUT', 'DELETE', 'TRACE', 'OPTIONS', 'PATCH', 'PROPFIND']) {
    const answer = await answerTo(await open(), `${method} / HTTP/1.1\r\nhost: localhost\r\n\r\n`)
    expect(answer).toMatch(/^HTTP\/1.1 405 .*\r\nallow: GET, HEAD, POST\r\n/is)
  }
  const other = await answerTo(await open(), 'GET / HTTP/1.1\r\nhost: evil.example\r\n\r\n')
  expect(other).toMatch(/^HTTP\/1.1 421 /)
})

test('connections beyond the limit are dropped', async () => {
  const open = await opened(hello, { ...LIMITS, connections: 2 })
  const [first, second, third] = [await open(), await open(), await open()]
  expect(await text(third)).toBe('')
  expect([first, second].map(({ destroyed }) => destroyed)).toEqual([false, false])
})
