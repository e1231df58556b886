import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'

/** A proxy to a Postgres socket that can be cut. */
export class CutConnection implements AsyncDisposable {
  /** The folder to name as host in DATABASE_URL. */
  readonly folder: string
  readonly #socket: string
  readonly #open = new Set<Socket>()
  #server: Server | undefined

  constructor(folder: string, socket: string) {
    this.folder = folder
    this.#socket = socket
  }

  /** Lets connections through, for the first time or again. */
  async join(): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 })
    const server = createServer((near) => this.#pass(near))
    server.listen(join(this.folder, '.s.PGSQL.5432'))
    await once(server, 'listening')
    this.#server = server
  }

  #pass(near: Socket): void {
    const far = connect(this.#socket)
    for (const [end, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#open.add(end)
      // A broken end breaks the other one, as in a network; neither error matters here.
      end.on('error', () => other.destroy())
      end.on('close', () => {
        this.#open.delete(end)
        other.destroy()
      })
    }
    near.pipe(far).pipe(near)
  }

  /** Holds all data back without closing a connection. */
  hold(): void {
    for (const socket of this.#open) socket.pause()
  }

  /** Closes open connections and refuses new ones. */
  async cut(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    if (!server) return
    const closed = once(server, 'close')
    server.close()
    for (const socket of this.#open) socket.destroy()
    await closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cut()
  }
}
