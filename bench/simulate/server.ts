import { openBoard } from '@bestmark/db'
import { serversMissing, TestServers } from '@bestmark/db/testing'
import { NETWORK } from './network.ts'

/** What differs from a new Debian server: it counts statements, and listens to the simulated hosts. */
const SETTINGS = {
  ...{ fsync: 'on', full_page_writes: 'on', shared_buffers: '128MB', wal_keep_size: 0 },
  ...{ listen_addresses: '*', max_connections: 1_000 },
  shared_preload_libraries: 'pg_stat_statements',
}

/** A Postgres of its own with an empty board. */
export class SimulatedServer implements AsyncDisposable {
  readonly #servers: TestServers
  readonly #address: string

  private constructor(servers: TestServers, address: string) {
    this.#servers = servers
    this.#address = address
  }

  /** Starts it; hosts reach it at this address. Throws if Debian's Postgres is not installed. */
  static async start(address: string): Promise<SimulatedServer> {
    if (serversMissing()) throw new Error('Install Postgres: apt-get install postgresql')
    const servers = await TestServers.start({ settings: SETTINGS, networks: [NETWORK] })
    const server = new SimulatedServer(servers, address)
    await servers.primary.run('create extension pg_stat_statements')
    await servers.primary.run('create role observer superuser login')
    const board = await openBoard(server.env)
    await board.sql`
      create table plain_points (job_id uuid, name text, step float8, value float8, time float8)`
    await board.close()
    return server
  }

  get pid(): number {
    return this.#servers.primary.pid
  }

  /** The address for the processes of a host. */
  get url(): string {
    return this.#servers.primary.url().replace('127.0.0.1', this.#address)
  }

  /** The address for measuring, whose user no host has. */
  get observerUrl(): string {
    return this.#servers.primary.url().replace('postgres@', 'observer@')
  }

  get env(): { BESTMARK_HOME: string; DATABASE_URL: string } {
    return { BESTMARK_HOME: '/nowhere', DATABASE_URL: this.#servers.primary.url() }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#servers[Symbol.asyncDispose]()
  }
}
