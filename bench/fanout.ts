import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * The least work of a server with live readers: it writes each change of its parent process at once,
 * in a frame of a given size, to every socket that accepts it.
 */
const readers = new Set<ServerResponse>()
const server = createServer((_request, response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream' }).write(frame(0, 0))
  readers.add(response)
  response.on('close', () => readers.delete(response))
})

server.listen(0, '127.0.0.1', () => {
  process.send?.((server.address() as AddressInfo).port)
})

process.on('message', ({ revision, bytes }: { revision: number; bytes: number }) => {
  const bare = frame(revision, bytes)
  for (const reader of readers) if (!reader.writableNeedDrain) reader.write(bare)
})

function frame(revision: number, bytes: number): Buffer {
  return Buffer.from(`data: "${'x'.repeat(bytes)}"\nid: ${revision}\n\n`)
}
