import type { Address } from './address.ts'
import { type Client, connectTo, type Database, preludeOf } from './client.ts'
import type { Limits } from './limits.ts'
import { type ChannelListener, type Listen, SharedListening } from './listening.ts'
import { bestEffort } from './bestEffort.ts'
import { DatabaseUnavailable } from './unavailable.ts'

/*
 * A pool such as pgbouncer in transaction mode gives each transaction a connection to the server that
 * another client may have had before. So nothing that outlives a transaction may be used there:
 * options of the session, named statements, LISTEN.
 */

/** How often listeners look for themselves where notifications do not arrive (ms). */
const POLL = 5_000

/**
 * Whether an answer that has `pg_backend_pid()` as `pid` came through a pool: the login then named
 * another process than the one that answers.
 */
export function isOfPool(rows: { state: { pid: number }; [index: number]: unknown }): boolean {
  return (rows[0] as { pid: number } | undefined)?.pid !== rows.state.pid
}

/** Sets the options of the session on all connections, since each is a session of its own. */
export async function keepsSessions({ sql }: Database, limits: Limits): Promise<void> {
  Object.assign(sql.options, { prelude: preludeOf(limits) })
  // The first connection is already open.
  await sql.unsafe(preludeOf(limits))
}

/** The database of a bare client behind a pool. It listens at the direct address, or polls. */
export function behindPool(db: Database, direct: Address | undefined, isPooled = true): Database {
  if (isPooled) Object.assign(db.sql.options, { prepare: false })
  const listening = direct ? new DirectListening(direct) : new Polling()
  const sessions = (): Client => {
    if (!isPooled) return db.sql
    if (listening instanceof DirectListening) return listening.client
    throw new DatabaseUnavailable(
      'DATABASE_URL leads to a pool, and this needs a connection of its own. ' +
        'Set DATABASE_LISTEN_URL to the address of the server itself.',
    )
  }
  const close = async (): Promise<void> => {
    await Promise.all([listening.end(), db.close()])
  }
  return {
    ...db,
    listen: listening.listen,
    isNotified: direct !== undefined,
    isPooled,
    sessions,
    close,
  }
}

/** Listens on one connection to the server itself, which opens with the first listener. */
class DirectListening {
  readonly #address: Address
  readonly #shared = new SharedListening()
  #client: Client | undefined
  #checking: Promise<void> | undefined

  constructor(address: Address) {
    this.#address = address
  }

  get client(): Client {
    if (this.#client) return this.#client
    const use = { connections: 1, shared: this.#shared }
    this.#client = connectTo(this.#address, undefined, undefined, use)
    this.#shared.on(this.#client)
    return this.#client
  }

  readonly listen: Listen = async (channel, listener) => {
    this.#checking ??= this.#check(this.client)
    try {
      await this.#checking
    } catch (error) {
      this.#checking = undefined
      throw error
    }
    return this.#shared.listen(channel, listener)
  }

  async #check(client: Client): Promise<void> {
    const rows = await client<{ pid: number; is_standby: boolean }[]>`
      select pg_backend_pid() as pid, pg_is_in_recovery() as is_standby`.simple()
    const isRefused = rows[0]?.is_standby === true
    if (!isOfPool(rows) && !isRefused) return
    const why = isRefused
      ? 'a standby, which refuses to listen'
      : 'a pool, which loses notifications'
    throw new DatabaseUnavailable(
      `DATABASE_LISTEN_URL leads to ${why}. Set it to the address of the server that accepts writes.`,
    )
  }

  async end(): Promise<void> {
    this.#shared.end()
    const client = this.#client
    if (client) await bestEffort(() => client.end({ timeout: 1.5 }))
  }
}

/** Says often that notifications may have been missed, so that listeners look for themselves. */
class Polling {
  readonly #timers = new Set<ReturnType<typeof setInterval>>()

  readonly listen: Listen = async (_channel, { listening }: ChannelListener) => {
    listening?.()
    if (listening) this.#timers.add(setInterval(listening, POLL))
  }

  async end(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer)
  }
}
