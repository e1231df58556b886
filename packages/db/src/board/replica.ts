import { setTimeout as sleep } from 'node:timers/promises'
import type { Database } from '../connection/client.ts'
import type { Listen } from '../connection/listening.ts'
import { type DatabaseOptions, openDatabase } from '../connection/openDatabase.ts'
import { boardId } from '../rows/board.ts'
import { DatabaseUnavailable } from '../connection/unavailable.ts'

/** How reads are spread (ms). */
export interface ReplicaPace {
  /** A replica that cannot be opened, or that failed, is tried again after this. */
  again: number
  /** How often it is checked how old its data is. */
  check: number
  /** With older data it is not read. */
  stale: number
  /** How long news wait until the replica has them. */
  patience: number
}

const PACE: ReplicaPace = { again: 5_000, check: 2_000, stale: 10_000, patience: 2_000 }

/** The first wait between two looks at a replica that is behind; each next one is twice as long (ms). */
const SHORT = 2

/**
 * A copy of the database that follows it, for reading. It is read only if it has all writes of this
 * process, and if its data is not old. In all other cases the primary is read.
 */
export class Replica {
  readonly #primary: Database
  readonly #open: () => Promise<Database>
  readonly #report: (error: unknown) => void
  readonly #pace: ReplicaPace
  #opening: Promise<void> | undefined
  #replica: Database | undefined
  #reader: Database | undefined
  #triedAt = -Infinity
  /** The position in the log of the primary that the replica must reach before it is read. */
  #goal: Promise<string | undefined> | undefined
  #mark: { position: string; at: number } | undefined
  #checkedAt = -Infinity

  /** `report` gets the error that keeps the replica from being read. */
  constructor(
    primary: Database,
    options: DatabaseOptions,
    report: (error: unknown) => void,
    pace = PACE,
  ) {
    this.#primary = primary
    this.#open = () => openDatabase(options)
    this.#report = report
    this.#pace = pace
  }

  /** To be called after each write of this process: the replica is read again once it has it. */
  wrote(): void {
    this.#goal = positionOf(this.#primary)
  }

  /** To be called if a read failed: until the next try the primary is read. */
  failed(error: unknown): void {
    this.#report(error)
    this.#triedAt = performance.now()
  }

  /**
   * The replica, which listens and notifies by the primary; undefined if the primary must be read.
   */
  async reader(): Promise<Database | undefined> {
    if (!this.#replica) {
      this.#begin()
      return undefined
    }
    if (performance.now() - this.#triedAt < this.#pace.again) return undefined
    try {
      if (this.#goal && !(await this.#reachesGoal(this.#replica, this.#goal))) return undefined
    } catch (error) {
      this.failed(error)
      return undefined
    }
    void this.#check(this.#replica)
    return this.#reader
  }

  async close(): Promise<void> {
    await this.#opening
    await this.#replica?.close()
  }

  /** Opens the replica, which nobody waits for. */
  #begin(): void {
    if (this.#opening || performance.now() - this.#triedAt < this.#pace.again) return
    this.#opening = this.#connect()
      .catch((error: unknown) => this.failed(error))
      .finally(() => (this.#opening = undefined))
  }

  async #connect(): Promise<void> {
    const replica = await this.#open()
    try {
      if ((await boardId(replica)) !== (await boardId(this.#primary))) {
        throw new DatabaseUnavailable(
          `DATABASE_READ_URL (${replica.describe}) holds another board than DATABASE_URL.`,
        )
      }
    } catch (error) {
      await replica.close()
      throw error
    }
    const { sql, orm, whileAnswering, describe } = replica
    const listen = this.#listenAfter(replica)
    this.#reader = { ...this.#primary, sql, orm, whileAnswering, describe, listen }
    this.#replica = replica
    // The migration of this process may not have arrived yet.
    this.wrote()
  }

  async #reachesGoal(replica: Database, goal: Promise<string | undefined>): Promise<boolean> {
    const position = await goal
    // The primary did not say where its log ends, so it is asked again.
    if (position === undefined && this.#goal === goal) this.wrote()
    if (position === undefined || !(await hasReached(replica, position))) return false
    if (this.#goal === goal) this.#goal = undefined
    return true
  }

  /** Finds out whether the replica has what the primary had some seconds ago. */
  async #check(replica: Database): Promise<void> {
    const now = performance.now()
    if (now - this.#checkedAt < this.#pace.check) return
    this.#checkedAt = now
    try {
      const { position, at } = (this.#mark ??= await markOf(this.#primary)) ?? {}
      if (position === undefined || at === undefined) return
      if (await hasReached(replica, position)) this.#mark = undefined
      else if (now - at > this.#pace.stale) {
        this.#goal = Promise.resolve(position)
        this.#mark = undefined
      }
    } catch (error) {
      this.failed(error)
    }
  }

  /** Listens at the primary. Each notification waits until the replica has what it is about. */
  #listenAfter(replica: Database): Listen {
    return async (channel, { heard, listening }) => {
      let waiting: (() => void)[] = []
      let isWaiting = false
      const deliver = async (): Promise<void> => {
        if (isWaiting) return
        isWaiting = true
        while (waiting.length > 0) {
          const due = waiting
          waiting = []
          await this.#untilReached(replica)
          for (const tell of due) tell()
        }
        isWaiting = false
      }
      const later = (tell: () => void): void => {
        waiting.push(tell)
        void deliver()
      }
      return this.#primary.listen(channel, {
        heard: (payload) => later(() => heard(payload)),
        listening: listening && (() => later(listening)),
      })
    }
  }

  /** Waits until the replica has what the primary has now, but only for a limited time. */
  async #untilReached(replica: Database): Promise<void> {
    const position = await positionOf(this.#primary)
    const until = performance.now() + this.#pace.patience
    for (let pause = SHORT; position !== undefined && performance.now() < until; pause *= 2) {
      const isThere = await hasReached(replica, position).catch(() => true)
      if (isThere) return
      await sleep(Math.min(pause, 200))
    }
  }
}

async function markOf(primary: Database): Promise<{ position: string; at: number } | undefined> {
  const at = performance.now()
  const position = await positionOf(primary)
  return position === undefined ? undefined : { position, at }
}

/** Where the log of a primary ends; undefined if it does not say. */
async function positionOf({ sql }: Database): Promise<string | undefined> {
  try {
    const [row] = await sql<{ position: string }[]>`select pg_current_wal_lsn()::text as position`
    return row?.position
  } catch {
    return undefined
  }
}

/** Whether a replica has everything up to a position. A replica that was promoted has all there is. */
async function hasReached({ sql }: Database, position: string): Promise<boolean> {
  const [row] = await sql<{ is_reached: boolean }[]>`
    select not pg_is_in_recovery() or pg_last_wal_replay_lsn() >= ${position}::pg_lsn as is_reached`
  return row?.is_reached === true
}
