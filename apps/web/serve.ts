import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { servingOf } from '@bestmark/api/board'
import { hostRule } from './src/lib/server/access.ts'
import { CLIENT, forwardedBy } from './src/lib/server/forwarded.ts'
import { guardedServer, LIMITS } from './src/lib/server/httpServer.ts'
import { followRenewals } from './src/lib/server/renewal.ts'
import { hostRefusal } from './src/lib/server/refusals.ts'
import { listenToBoth } from './src/lib/server/loopback.ts'

/**
 * Serves the built pages on HOST (127.0.0.1) and PORT (4173; 0 takes a free one), and tells a
 * parent process that forked it once it listens. On SIGTERM or SIGINT, or when that parent
 * is gone, live connections are closed at once, and the process ends with the database let go.
 */
process.env['NODE_ENV'] ??= 'production'
process.env['PROTOCOL_HEADER'] = CLIENT.protocol
process.env['ADDRESS_HEADER'] = CLIENT.address
// A smaller limit holds for all bodies but the pieces of journals.
process.env['BODY_SIZE_LIMIT'] = String(LIMITS.piece)
// The server itself reads the headers of a proxy, so the pages read none.
for (const name of ['HOST_HEADER', 'PORT_HEADER', 'XFF_DEPTH']) delete process.env[name]

type Handler = (request: IncomingMessage, response: ServerResponse, next: () => void) => void
// Made by the build, so neither there nor typed when the types are checked.
const folder =
  process.env['BESTMARK_PAGES'] ?? fileURLToPath(new URL('build/pages', import.meta.url))
process.env['BESTMARK_PAGES'] = folder
process.env['BESTMARK_CODE'] ??= fileURLToPath(new URL('../..', import.meta.url))
const built = pathToFileURL(join(folder, 'handler.js')).href
const { handler } = (await import(built)) as { handler: Handler }

const serving = servingOf(process.env)
const guard = {
  acceptsHost: hostRule(serving),
  refuseHost: hostRefusal(serving),
  readClient: forwardedBy(serving),
  tls: serving.tls,
}
const server = guardedServer((request, response) => {
  handler(request, response, () => response.writeHead(404).end())
}, guard)

followRenewals(server, {
  paths: ['BESTMARK_TLS_CERT', 'BESTMARK_TLS_KEY'].flatMap((name) => process.env[name] ?? []),
  read: () => servingOf(process.env).tls,
  say: (line) => process.stderr.write(`${line}\n`),
})

function leave(error: NodeJS.ErrnoException): never {
  const taken = `Port ${process.env['PORT']} is in use. Use another port, with PORT.`
  process.stderr.write(`${error.code === 'EADDRINUSE' ? taken : error.message}\n`)
  process.exit(1)
}

server.on('error', leave).listen(Number(process.env['PORT'] ?? 4173), serving.host, () => {
  const address = server.address()
  if (address === null || typeof address === 'string') return
  listenToBoth(server, address.address, address.port)
    .then(() => process.send?.({ listening: address }))
    .catch(leave)
})

/** How long the server waits for work to end, such as a database that does not answer (ms). */
const PATIENCE = 1_500

let stopping = false
function stop() {
  if (stopping) return
  stopping = true
  setTimeout(() => process.exit(), PATIENCE).unref()
  server.close(() => process.emit('sveltekit:shutdown' as NodeJS.Signals))
  server.closeAllConnections()
  if (process.connected) process.disconnect()
}
for (const end of ['SIGTERM', 'SIGINT', 'disconnect']) process.once(end, stop)
// Readers who may still come in connect again.
process.on('bestmark:renewed', () => server.closeAllConnections())
