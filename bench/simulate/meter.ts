import { tmpdir } from 'node:os'
import { openDatabase, type Database } from '@bestmark/db'
import { ownSeconds, treeSeconds } from '../cpu.ts'
import type { SimulatedServer } from './server.ts'

/** What some work cost. */
export interface Cost {
  seconds: number
  /** Shares of one core. */
  cpu: { database: number; hosts: number }
  queries_per_second: number
  connections: number
  wal_bytes: number
}

interface Reading {
  at: number
  database: number
  hosts: number
  queries: number
  wal: number
}

/** Measures the database and the processes of hosts. Its own queries do not count. */
export class Meter {
  readonly db: Database
  readonly #postmaster: number
  readonly #backends: ReadonlySet<number>

  private constructor(db: Database, postmaster: number, backends: ReadonlySet<number>) {
    this.db = db
    this.#postmaster = postmaster
    this.#backends = backends
  }

  static async open(server: SimulatedServer): Promise<Meter> {
    const db = await openDatabase({
      home: tmpdir(),
      databaseUrl: server.observerUrl,
      connections: 1,
    })
    const [own] = await db.sql<{ pid: number }[]>`select pg_backend_pid() as pid`
    return new Meter(db, server.pid, new Set([own?.pid ?? 0]))
  }

  /** What happened while some work was done; `pids` are the processes of the hosts. */
  async during(pids: readonly number[], work: () => Promise<unknown>): Promise<Cost> {
    await this.db.sql`select pg_stat_statements_reset()`
    const before = await this.#read(pids)
    await work()
    const after = await this.#read(pids)
    const seconds = (after.at - before.at) / 1_000
    return {
      seconds,
      cpu: {
        database: (after.database - before.database) / seconds,
        hosts: (after.hosts - before.hosts) / seconds,
      },
      queries_per_second: (after.queries - before.queries) / seconds,
      connections: await this.#connections(),
      wal_bytes: after.wal - before.wal,
    }
  }

  /** The statements that took the most time in the last work, as lines. */
  async statements(): Promise<string[]> {
    const rows = await this.db.sql<{ calls: number; each: number; all: number; text: string }[]>`
      select calls::float8, mean_exec_time as each, total_exec_time as all,
        regexp_replace(left(query, 110), '\\s+', ' ', 'g') as text
      from pg_stat_statements where userid <> current_user::regrole
      order by total_exec_time desc limit 16`
    return rows.map(({ calls, each, all, text }) => {
      return `${all.toFixed(0).padStart(8)} ms ${calls} × ${each.toFixed(3)} ms: ${text}`
    })
  }

  async #read(pids: readonly number[]): Promise<Reading> {
    const [row] = await this.db.sql<{ queries: number; wal: number }[]>`
      select sum(calls) filter (where userid <> current_user::regrole)::float8 as queries,
        pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8 as wal
      from pg_stat_statements`
    return {
      at: performance.now(),
      database: treeSeconds(this.#postmaster, this.#backends),
      hosts: pids.reduce((sum, pid) => sum + ownSeconds(pid), 0),
      queries: row?.queries ?? 0,
      wal: row?.wal ?? NaN,
    }
  }

  async #connections(): Promise<number> {
    const [row] = await this.db.sql<{ count: number }[]>`
      select count(*)::int as count from pg_stat_activity
      where backend_type = 'client backend' and usesysid <> current_user::regrole`
    return row?.count ?? NaN
  }
}
