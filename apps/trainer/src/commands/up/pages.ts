import type { Address } from './address.ts'
import type { WebServer } from './web.ts'
import { runWithRestarts, type Restarts } from './restarts.ts'

/** The web server of a board. If it dies, it is started again at the same address. */
export class Pages implements AsyncDisposable {
  readonly #begin: (address: Address) => Promise<WebServer>
  readonly #over = new AbortController()
  #web: Promise<WebServer>

  /** `begin` starts a server. It starts the first one now. */
  constructor(begin: (address: Address) => Promise<WebServer>, address: Address) {
    this.#begin = begin
    this.#web = begin(address)
  }

  /** The address of the first one. Throws a Failure if it cannot listen. */
  async listening(): Promise<Address> {
    return (await this.#web).address
  }

  /** Restarts it until disposed. Throws a Failure if it ends too often in a row. */
  async keep(log: (line: string) => void, restarts: Restarts): Promise<void> {
    const { address } = await this.#web
    let isFirst = true
    const run = async (): Promise<string> => {
      if (!isFirst) this.#web = this.#begin(address)
      isFirst = false
      return (await this.#web).ended
    }
    await runWithRestarts('The web server', run, this.#over.signal, { log, restarts })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort()
    const web = await this.#web.catch(() => undefined)
    await web?.[Symbol.asyncDispose]()
  }
}
