import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

/**
 * A proxy before a site that counts the live streams, as the site sees them. A test can freeze it:
 * connections then stay open without a byte, as on a machine that sleeps.
 */
export class WebLine implements AsyncDisposable {
  readonly url: string
  /** How many streams are open. */
  streams = 0
  readonly #server: Server
  readonly #pairs = new Set<readonly [Socket, Socket]>()

  private constructor(server: Server) {
    this.#server = server
    const address = server.address()
    const port = typeof address === 'object' && address ? address.port : 0
    this.url = `http://localhost:${port}`
  }

  /** `target` gives the address of the site at each connection. */
  static async to(target: () => string): Promise<WebLine> {
    const server = createServer()
    server.listen(0, 'localhost')
    await once(server, 'listening')
    const line = new WebLine(server)
    server.on('connection', (here) => line.#join(here, new URL(target())))
    return line
  }

  /** Holds back every byte of the present connections; later ones are not affected. */
  freeze(): void {
    for (const [here, there] of this.#pairs) {
      here.unpipe().pause()
      there.unpipe().pause()
    }
  }

  /** Ends the present connections. */
  cut(): void {
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close()
    this.cut()
  }

  #join(here: Socket, { hostname, port }: URL): void {
    const there = connect(Number(port), hostname)
    const pair = [here, there] as const
    this.#pairs.add(pair)
    let isStream = false
    here.on('data', (chunk: Buffer) => {
      const isNow = chunk.toString('latin1').startsWith('GET /trpc/watch')
      if (isNow && !isStream) this.streams += 1
      isStream ||= isNow
    })
    here.pipe(there).pipe(here)
    for (const socket of pair) {
      socket.on('error', () => socket.destroy())
      socket.on('close', () => {
        if (isStream) this.streams -= 1
        isStream = false
        this.#pairs.delete(pair)
        for (const one of pair) one.destroy()
      })
    }
  }
}
