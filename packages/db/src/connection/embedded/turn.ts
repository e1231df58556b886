import { once } from 'node:events'
import { connect, createServer } from 'node:net'

/**
 * Waits until no other process of this machine holds the lock of a key, such as to start or stop the
 * server of a data folder, and holds it until disposed. Throws if the signal aborts the wait.
 * The kernel frees the lock of a process that dies: it is a socket in the abstract namespace, which
 * leaves no file. Only Linux has this namespace; other systems do not wait.
 */
export async function takeTurn(key: string, signal?: AbortSignal): Promise<AsyncDisposable> {
  if (process.platform !== 'linux') return { [Symbol.asyncDispose]: async () => {} }
  const name = `\0bestmark:${key}`
  for (;;) {
    const turn = await listen(name)
    if (turn) return turn
    await untilGone(name, signal)
    signal?.throwIfAborted()
  }
}

async function listen(name: string): Promise<AsyncDisposable | undefined> {
  const server = createServer()
  const sockets = new Set<{ destroy(): void }>()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  })
  server.listen(name)
  try {
    await once(server, 'listening')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return undefined
    throw error
  }
  return {
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

/** Resolves when the holder frees the lock: it closes a connection, or accepts none. */
async function untilGone(name: string, signal?: AbortSignal): Promise<void> {
  const socket = connect({ path: name, ...(signal && { signal }) })
  socket.on('error', () => {})
  socket.resume()
  await new Promise((resolve) => socket.on('close', resolve))
}
