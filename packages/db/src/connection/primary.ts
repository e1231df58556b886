import type { Duplex } from 'node:stream'
import postgres from 'postgres'
import {
  type Address,
  broken,
  clientOptions,
  describePlace,
  openSocket,
  placesIn,
  type ServerPlace,
} from './address.ts'
import { bestEffort } from './bestEffort.ts'

/** For this long the server that accepted writes counts as doing so (ms). */
const FRESH = 1_000

/** Servers answer, and none of them accepts writes: another one may be promoted soon. */
class NoPrimary extends Error {
  override readonly name = 'NoPrimary'
  /** As a server that starts, which also accepts writes later. */
  readonly code = '57P03'
}

/**
 * The server of an address that is used now. In a list it is the first one that says that it accepts
 * writes. It is asked for again with each new connection, because another server may have been
 * promoted since.
 */
export class Primary {
  readonly address: Address
  #place: ServerPlace
  #foundAt = -Infinity
  #finding: Promise<ServerPlace> | undefined

  constructor(address: Address) {
    this.address = address
    this.#place = address
  }

  /** The server that was used last. */
  get place(): ServerPlace {
    return this.#place
  }

  /** A connection to the server that accepts writes, or a socket that breaks at once. */
  async open(): Promise<Duplex> {
    if (!this.address.writable) return openSocket(this.address)
    try {
      return await openSocket(await this.#find())
    } catch (error) {
      return broken(error as Error)
    }
  }

  /** Looks at all servers of a list for the one that accepts writes. Never throws. */
  async findAgain(): Promise<void> {
    this.#foundAt = -Infinity
    if (this.address.writable) await this.#find().catch(() => undefined)
  }

  async #find(): Promise<ServerPlace> {
    if (performance.now() - this.#foundAt < FRESH) return this.#place
    // All connections of a pool that open at a time share one answer.
    this.#finding ??= this.#ask().finally(() => (this.#finding = undefined))
    return this.#finding
  }

  async #ask(): Promise<ServerPlace> {
    const places = placesIn(this.address)
    const asked = places.map(async (place) => {
      await assertWritable({ ...this.address, ...place })
      return place
    })
    try {
      this.#place = await Promise.any(asked)
    } catch (error) {
      throw reasonOf((error as AggregateError).errors)
    }
    this.#foundAt = performance.now()
    return this.#place
  }
}

async function assertWritable(address: Address): Promise<void> {
  const sql = postgres({ ...clientOptions(address), max: 1 })
  try {
    const [row] = await sql<{ is_read_only: boolean }[]>`
      select pg_is_in_recovery() or current_setting('transaction_read_only')::bool as is_read_only
      `.simple()
    if (row?.is_read_only !== false) {
      throw new NoPrimary(`the server at ${describePlace(address)} accepts no writes`)
    }
  } finally {
    void bestEffort(() => sql.end({ timeout: 1 }))
  }
}

/** The error that says most: a refused password before a standby, and that before a closed port. */
function reasonOf(errors: readonly unknown[]): unknown {
  const refusal = errors.find((error) => error instanceof postgres.PostgresError)
  return refusal ?? errors.find((error) => error instanceof NoPrimary) ?? errors[0]
}
