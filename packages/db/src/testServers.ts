import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { appendFile, chmod, chown, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { parseAddress } from './connection/address.ts'
import { bestEffort, REMOVING } from './connection/bestEffort.ts'
import { connectTo } from './connection/client.ts'

/** Where Debian installs the programs of Postgres, by version. */
const VERSIONS = '/usr/lib/postgresql'
const BIN = join(VERSIONS, newestVersion(), 'bin')
const POOL = '/usr/sbin/pgbouncer'

/** Whether the programs are not installed, so that tests with these servers are skipped. It says so. */
export function serversMissing(): boolean {
  const isMissing = ![join(BIN, 'initdb'), POOL].every((path) => existsSync(path))
  if (isMissing) {
    process.stderr.write(
      'Tests of pools, replicas and failover are skipped: pgbouncer or Postgres is not installed. ' +
        'On Debian: apt-get install pgbouncer postgresql\n',
    )
  }
  return isMissing
}

function newestVersion(): string {
  const versions = existsSync(VERSIONS) ? readdirSync(VERSIONS) : []
  return versions.sort((a, b) => Number(a) - Number(b)).at(-1) ?? 'none'
}

/**
 * Servers of their own in a temporary folder, for tests that stop them: a primary, and then a standby
 * that follows it, and pools. They run as the user `postgres` where this process is root.
 */
export class TestServers implements AsyncDisposable {
  readonly primary: TestPostgres
  readonly #folder: string
  readonly #account: Account
  readonly #programs: Program[] = []

  private constructor(folder: string, account: Account, primary: TestPostgres) {
    this.#folder = folder
    this.#account = account
    this.primary = primary
  }

  /** Starts an empty primary. */
  static async start(options: ServerOptions = {}): Promise<TestServers> {
    const folder = await mkdtemp(join(tmpdir(), 'bestmark-servers-'))
    const account = await accountOf()
    if (account.uid !== undefined) await chown(folder, account.uid, account.gid)
    await chmod(folder, 0o755)
    const data = join(folder, 'primary')
    await run(account, 'initdb', ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '-N'])
    await admit(data, options.networks ?? [])
    const primary = new TestPostgres(account, data, await freePort(), options.settings)
    const servers = new TestServers(folder, account, primary)
    servers.#programs.push(primary)
    await primary.start()
    return servers
  }

  /** A copy of the primary that follows it by streaming, and takes over if it is promoted. */
  async standby(): Promise<TestPostgres> {
    const data = join(this.#folder, `standby${this.#programs.length}`)
    const from = ['-h', '127.0.0.1', '-p', String(this.primary.port), '-U', 'postgres']
    await run(this.#account, 'pg_basebackup', [...from, '-D', data, '-R', '-c', 'fast', '-N'])
    const standby = new TestPostgres(this.#account, data, await freePort())
    this.#programs.push(standby)
    await standby.start()
    return standby
  }

  /** A pgbouncer in transaction mode before a server; at most `size` connections lead to the server. */
  async pool(server: TestPostgres, size = 5): Promise<TestPool> {
    const pool = new TestPool(this.#account, this.#folder, await freePort())
    await pool.configure(server, size)
    this.#programs.push(pool)
    await pool.start()
    return pool
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const program of this.#programs.toReversed()) await program.kill()
    await bestEffort(() => rm(this.#folder, { recursive: true, force: true }), REMOVING)
  }
}

/** What a server has beside the options of all tests. */
interface ServerOptions {
  settings?: Settings
  /** Networks that connect without a password, such as `10.0.0.0/24`. */
  networks?: readonly string[]
}

type Settings = Record<string, string | number>

async function admit(data: string, networks: readonly string[]): Promise<void> {
  const lines = networks.map((network) => `host all all ${network} trust\n`)
  await appendFile(join(data, 'pg_hba.conf'), lines.join(''))
}

/** Whose processes the servers are; without an id those of this user. */
type Account = { uid: number; gid: number } | { uid?: never; gid?: never }

/** Postgres refuses to run as root. */
async function accountOf(): Promise<Account> {
  if (process.getuid?.() !== 0) return {}
  const users = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'))
  const [, , uid, gid] = users.find(([name]) => name === 'postgres') ?? []
  if (uid === undefined || gid === undefined) throw new Error('The user postgres is missing.')
  return { uid: Number(uid), gid: Number(gid) }
}

const CALM = { cwd: '/', env: { PATH: process.env['PATH'], LC_ALL: 'C' } }

async function run(account: Account, name: string, words: string[]): Promise<void> {
  await promisify(execFile)(join(BIN, name), words, { ...CALM, ...account })
}

/** A server of a test. It is ready once it prints a text. */
class Program {
  readonly port: number
  readonly #account: Account
  readonly #ready: string
  #child: ChildProcess | undefined

  constructor(account: Account, port: number, ready: string) {
    this.#account = account
    this.port = port
    this.#ready = ready
  }

  protected async begin(path: string, words: readonly string[]): Promise<void> {
    const stdio = ['ignore', 'ignore', 'pipe'] as const
    const child = spawn(path, words, { ...CALM, ...this.#account, stdio: [...stdio] })
    this.#child = child
    let printed = ''
    const isReady = Promise.withResolvers<void>()
    child.stderr?.on('data', (chunk: Buffer) => {
      printed = `${printed}${chunk.toString()}`.slice(-100_000)
      if (printed.includes(this.#ready)) isReady.resolve()
    })
    const ended = once(child, 'exit').then(() => Promise.reject(new Error(`It ended: ${printed}`)))
    ended.catch(() => undefined)
    await Promise.race([isReady.promise, ended])
  }

  /** The id of its process; 0 before its start. */
  get pid(): number {
    return this.#child?.pid ?? 0
  }

  /** Ends it at once, as a crash does. A server of Postgres takes its processes with it. */
  async kill(signal: NodeJS.Signals = 'SIGQUIT'): Promise<void> {
    const child = this.#child
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
  }
}

/** A Postgres of a test. */
export class TestPostgres extends Program {
  readonly #data: string
  readonly #settings: Settings

  constructor(account: Account, data: string, port: number, settings: Settings = {}) {
    super(account, port, 'database system is ready to accept')
    this.#data = data
    this.#settings = settings
  }

  async start(): Promise<void> {
    const options = {
      ...{ port: this.port, listen_addresses: '127.0.0.1', unix_socket_directories: '' },
      ...{ fsync: 'off', full_page_writes: 'off', shared_buffers: '16MB', max_wal_senders: 4 },
      ...{ log_min_messages: 'log', logging_collector: 'off', wal_keep_size: '64MB' },
      ...this.#settings,
    }
    const words = Object.entries(options).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    await this.begin(join(BIN, 'postgres'), ['-D', this.#data, ...words])
  }

  url(database = 'postgres'): string {
    return urlAt(this.port, database)
  }

  /** Runs a statement, such as one that pauses the standby. */
  async run(statement: string): Promise<readonly Record<string, unknown>[]> {
    const sql = connectTo(parseAddress(this.url()))
    const rows = await sql.unsafe(statement)
    await sql.end()
    return rows
  }

  /** Whether this standby has what a primary wrote so far. */
  async hasAllOf(primary: TestPostgres): Promise<boolean> {
    const [end] = await primary.run('select pg_current_wal_lsn()::text as position')
    const position = String(end?.['position'])
    const rows = await this.run(`select where pg_last_wal_replay_lsn() >= '${position}'`)
    return rows.length > 0
  }

  /** Whether it receives what another server writes. */
  async isFollowing(): Promise<boolean> {
    return (await this.run('select from pg_stat_wal_receiver')).length > 0
  }
}

function urlAt(port: number, database: string): string {
  return `postgres://postgres@127.0.0.1:${port}/${database}`
}

/** The limits of each connection from a pool to its server, as docs/operations.md has them. */
const CONNECT_QUERY = [
  "set statement_timeout = ''9min''",
  "set idle_in_transaction_session_timeout = ''50s''",
  "set client_connection_check_interval = ''5s''",
].join('; ')

/** A pgbouncer of a test. */
export class TestPool extends Program {
  readonly #path: string

  constructor(account: Account, folder: string, port: number) {
    super(account, port, 'process up')
    this.#path = join(folder, `pool${port}`)
  }

  async configure(server: TestPostgres, size: number): Promise<void> {
    await writeFile(`${this.#path}.users`, '"postgres" ""\n')
    const lines = [
      '[databases]',
      `* = host=127.0.0.1 port=${server.port} connect_query='${CONNECT_QUERY}'`,
      '[pgbouncer]',
      `listen_addr = 127.0.0.1\nlisten_port = ${this.port}\nunix_socket_dir =`,
      `auth_type = trust\nauth_file = ${this.#path}.users\nadmin_users = postgres`,
      `pool_mode = transaction\ndefault_pool_size = ${size}\nmax_client_conn = 200`,
      // Otherwise queries wait for two minutes while the server is away.
      'server_login_retry = 1\nquery_wait_timeout = 5',
    ]
    await writeFile(`${this.#path}.ini`, `${lines.join('\n')}\n`)
  }

  async start(): Promise<void> {
    await this.begin(POOL, [`${this.#path}.ini`])
  }

  url(database = 'postgres'): string {
    return urlAt(this.port, database)
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
