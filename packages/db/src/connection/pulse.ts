import { connect } from 'node:net'
import { type Address, describeAddress, type ServerPlace } from './address.ts'
import type { Primary } from './primary.ts'

/** One answer counts for this long (ms). */
const FRESH = 1_000
/** The shortest question that Postgres has, which needs no login: whether it speaks TLS. */
const QUESTION = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])

/** The server accepts or accepted connections, and does not answer. */
export class ServerSilent extends Error {
  override readonly name = 'ServerSilent'
  readonly code = 'ETIMEDOUT'

  constructor(address: Address) {
    super(`Postgres at ${describeAddress(address)} does not answer`)
  }
}

/**
 * Checks whether a server answers at all. A long query may be normal. So after a silence the server is
 * asked a short question on a separate connection.
 */
export class Pulse {
  readonly primary: Primary
  readonly #patience: number
  readonly #waiting = new Set<(error: Error) => void>()
  #asking: Promise<boolean> | undefined
  #checkedAt = -Infinity
  #isSilent = false

  /** `patience`: how long the server may take to answer a check (ms). */
  constructor(primary: Primary, patience: number) {
    this.primary = primary
    this.#patience = patience
  }

  /** Whether the server answers. All who ask within a second share one answer. */
  async ask(): Promise<boolean> {
    if (this.#asking) return this.#asking
    if (performance.now() - this.#checkedAt < FRESH) return !this.#isSilent
    this.#asking = this.#look()
    return this.#asking
  }

  /** The error for a new query while the server is silent; undefined if it answers. */
  async refusal(): Promise<ServerSilent | undefined> {
    return !this.#isSilent || (await this.ask()) ? undefined : this.#error()
  }

  /** The error for a waiting query if the server does not answer; undefined if it may keep waiting. */
  async verdict(): Promise<ServerSilent | undefined> {
    return (await this.ask()) ? undefined : this.#error()
  }

  /**
   * Does some work. Throws ServerSilent as soon as the server does not answer, even if many queries
   * wait before those of the work.
   */
  async whileAnswering<T>(work: () => Promise<T>): Promise<T> {
    const refusal = await this.refusal()
    if (refusal) throw refusal
    const connectionLost = Promise.withResolvers<never>()
    this.#waiting.add(connectionLost.reject)
    try {
      return await Promise.race([work(), connectionLost.promise])
    } finally {
      this.#waiting.delete(connectionLost.reject)
    }
  }

  async #look(): Promise<boolean> {
    this.#isSilent = !(await answers(this.primary.place, this.#patience))
    // Another server of the list may accept writes by now; the next question then goes there.
    if (this.#isSilent) void this.primary.findAgain()
    this.#checkedAt = performance.now()
    this.#asking = undefined
    if (this.#isSilent) for (const lose of this.#waiting) lose(this.#error())
    return !this.#isSilent
  }

  #error(): ServerSilent {
    return new ServerSilent(this.primary.address)
  }
}

async function answers({ host, port, path }: ServerPlace, patience: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = path ? connect(path) : connect({ host, port })
  socket.once('data', () => resolve(true))
  socket.on('error', () => resolve(false)).on('close', () => resolve(false))
  socket.write(QUESTION)
  // An answer that arrived while this process was busy is read before the time is checked.
  const timer = setTimeout(() => setImmediate(() => resolve(false)), patience)
  try {
    return await promise
  } finally {
    clearTimeout(timer)
    socket.destroy()
  }
}
