import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { parseAddress } from './address.ts'

/** A TCP port that passes everything on to a Postgres, until a test makes it hang or break. */
export class TestProxy implements AsyncDisposable {
  /** The same database by way of this port. */
  readonly databaseUrl: string
  readonly #server: Server
  readonly #to: ReturnType<typeof parseAddress>
  readonly #open = new Set<Socket>()
  readonly #near = new Set<Socket>()
  #isHanging = false
  #queried = Promise.withResolvers<void>()

  private constructor(server: Server, databaseUrl: string) {
    this.#server = server
    this.#to = parseAddress(databaseUrl)
    const { port } = server.address() as AddressInfo
    const { user, password, database } = this.#to
    const who = [user, password].filter((part) => part !== undefined).map(encodeURIComponent)
    this.databaseUrl = `postgres://${who.join(':')}@127.0.0.1:${port}/${database}`
    server.on('connection', (near: Socket) => this.#pass(near))
  }

  static async to(databaseUrl: string): Promise<TestProxy> {
    const server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new TestProxy(server, databaseUrl)
  }

  /** From now on connections are accepted, but nothing is passed on or answered. */
  hang(): void {
    this.#isHanging = true
    this.#queried = Promise.withResolvers()
    for (const socket of this.#open) socket.unpipe().pause()
    for (const socket of this.#near) this.#swallow(socket)
  }

  /** Resolves when a client sent something while the proxy hangs. */
  get queried(): Promise<void> {
    return this.#queried.promise
  }

  /** Passes on new connections again, and breaks those that hung. */
  recover(): void {
    this.#isHanging = false
    this.cut()
  }

  /** Breaks every open connection. */
  cut(): void {
    for (const socket of this.#open) socket.destroy()
  }

  #pass(near: Socket): void {
    this.#keep(near)
    this.#near.add(near)
    near.on('close', () => this.#near.delete(near))
    if (this.#isHanging) return this.#swallow(near)
    const { host, port, path } = this.#to
    const far = this.#keep(path ? connect(path) : connect({ host, port }))
    near.on('close', () => far.destroy())
    far.on('close', () => near.destroy())
    near.pipe(far).pipe(near)
  }

  #swallow(near: Socket): void {
    near.on('data', () => this.#queried.resolve()).resume()
  }

  #keep(socket: Socket): Socket {
    this.#open.add(socket)
    socket.on('error', () => undefined).on('close', () => this.#open.delete(socket))
    return socket
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.cut()
    await closed
  }
}
