import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js'
import postgres from 'postgres'
import { type Address, broken, clientOptions, describeAddress } from './address.ts'
import { bestEffort } from './bestEffort.ts'
import { IDLE_IN_TRANSACTION, type Limits, WORK } from './limits.ts'
import { Primary } from './primary.ts'
import { Pulse, ServerSilent } from './pulse.ts'
import { type Listen, SharedListening } from './listening.ts'
import * as schema from '../schema.ts'

export type Orm = PostgresJsDatabase<typeof schema>

/** An open database. Times are milliseconds (float8), bigints are numbers; there are no Dates. */
export interface Database {
  sql: Client
  orm: Orm
  /** Listens to a channel: on a connection of its own, or on the only one. */
  listen: Listen
  /** Whether notifications arrive. Otherwise `listen` says often that some may have been missed. */
  isNotified: boolean
  /** Notifies a channel. */
  notify: (channel: string, payload: string) => Promise<unknown>
  /** A client whose connections are the same process of the server until they close. */
  sessions: () => Client
  /** Throws ServerSilent as soon as the server is found not to answer while the work is done. */
  whileAnswering: Pulse['whileAnswering']
  /** Whether a pool lies before the server, so that a session is over with its transaction. */
  isPooled: boolean
  /** Its address for people, without a password. */
  describe: string
  /** The folder of the embedded server's files; undefined for other servers. */
  folder?: string
  /** Takes a few seconds at most, and never throws. */
  close: () => Promise<void>
}

export type Client = ReturnType<typeof connectTo>

interface ClientUse {
  limits?: Limits | undefined
  connections?: number | undefined
  /** Called after the client is closed. */
  leave?: () => Promise<void>
  /** Its connections begin without options of the session, which a pool would give to others. */
  isBare?: boolean
}

/** The database at an address, without a query. */
export function databaseAt(
  address: Address,
  { limits = WORK, leave, connections = CONNECTIONS, isBare }: ClientUse = {},
): Database {
  const pulse = new Pulse(new Primary(address), limits.pulse)
  const shared = connections === 1 ? new SharedListening() : undefined
  const sql = connectTo(address, limits, pulse, { connections, shared, isBare })
  shared?.on(sql)
  const listen: Listen = (channel, { heard, listening }) => sql.listen(channel, heard, listening)
  const close = async (): Promise<void> => {
    shared?.end()
    // A client that is reconnecting may never report its end.
    await bestEffort(() => sql.end({ timeout: 1.5 }))
    if (leave) await bestEffort(leave)
  }
  const whileAnswering: Pulse['whileAnswering'] = (work) => pulse.whileAnswering(work)
  return {
    sql,
    orm: drizzle(sql, { schema }),
    listen: shared?.listen ?? listen,
    isNotified: true,
    notify: (channel, payload) => sql.notify(channel, payload),
    sessions: () => sql,
    whileAnswering,
    isPooled: false,
    describe: describeAddress(address),
    close,
  }
}

/** More connections were not faster. */
const CONNECTIONS = 10

/** A pool, whose idle connections close after a minute unless one of them listens. */
export function connectTo(
  address: Address,
  limits = WORK,
  pulse = new Pulse(new Primary(address), limits.pulse),
  {
    connections = CONNECTIONS,
    shared,
    isBare = false,
  }: {
    connections?: number
    shared?: SharedListening | undefined
    isBare?: boolean | undefined
  } = {},
) {
  const { answer, silence } = limits
  return postgres({
    ...clientOptions(address),
    max: connections,
    ...(shared ? { idle_timeout: 0, max_lifetime: null } : { idle_timeout: 60 }),
    // The client takes these though its types do not list them.
    ...({
      ...shared?.options,
      // These are not parameters of the login, because a pooler refuses those.
      prelude: isBare ? undefined : preludeOf(limits),
      socket: async () => {
        const refusal = await pulse.refusal()
        return refusal ? broken(refusal) : pulse.primary.open()
      },
      silence_timeout: silence / 1000,
      onsilence: async (lasted: number) =>
        lasted < answer ? pulse.verdict() : new ServerSilent(address),
    } as object),
  })
}

/** The statements with which a connection begins, before its first query. */
export function preludeOf({ statement }: Limits): string {
  return `set statement_timeout = ${statement};
    set idle_in_transaction_session_timeout = ${IDLE_IN_TRANSACTION}`
}
