import { connect, createServer, type Server, type Socket } from 'node:net'
import { once } from 'node:events'

/** A proxy to Postgres whose connection a test can cut and restore. */
export class Line {
  #server: Server | undefined
  #sockets = new Set<Socket>()
  #port = 0
  readonly #to: URL

  constructor(databaseUrl: string) {
    this.#to = new URL(databaseUrl)
  }

  /** Forwards all data; returns the address of its own end. */
  async mend(): Promise<string> {
    const server = createServer((here) => {
      const there = this.#dial()
      for (const socket of [here, there]) {
        this.#sockets.add(socket)
        socket.on('error', () => socket.destroy())
        socket.on('close', () => this.#sockets.delete(socket))
      }
      here.pipe(there).pipe(here)
    })
    server.listen(this.#port, '127.0.0.1')
    await once(server, 'listening')
    this.#server = server
    const address = server.address()
    if (typeof address === 'object' && address) this.#port = address.port
    const { username, password, pathname } = this.#to
    return `postgres://${username}:${password}@127.0.0.1:${this.#port}${pathname}`
  }

  cut(): void {
    this.#server?.close()
    for (const socket of this.#sockets) socket.destroy()
  }

  #dial(): Socket {
    const { hostname, searchParams } = this.#to
    const port = Number(this.#to.port || 5432)
    const folder = searchParams.get('host')
    return folder ? connect(`${folder}/.s.PGSQL.${port}`) : connect(port, hostname)
  }
}
