import { execFile, type ChildProcess } from 'node:child_process'
import { lstat, mkdir, open, readFile, readdir, rm, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { bestEffort } from '../bestEffort.ts'
import postgres from 'postgres'
import { type Address, clientOptions } from '../address.ts'
import { DatabaseUnavailable } from '../unavailable.ts'
import { giveFolder, spawnAs, type Account } from './account.ts'
import type { Binaries } from './binaries.ts'
import type { ServerPaths } from './serverPaths.ts'
import { lockedBy, REMOVE_THEN_RUN, TAKEN } from './filesLock.ts'

/** The address of an embedded server. */
export function addressOf(paths: ServerPaths, application_name = 'bestmark'): Address {
  const [database, user] = ['postgres', 'bestmark']
  return {
    host: paths.socketFolder,
    port: 5432,
    path: paths.socket,
    database,
    user,
    ssl: false,
    application_name,
  }
}

/** Whether the server answers, by connecting; `soon` while it starts, recovers or stops. */
export async function checkServer(paths: ServerPaths): Promise<'yes' | 'soon' | 'no'> {
  const sql = postgres({ ...clientOptions(addressOf(paths)), max: 1 })
  try {
    await sql`select 1`
    return 'yes'
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ENOTDIR') return 'no'
    if (code === '57P03' || code === '57P01' || code?.startsWith('CONNECTION_')) return 'soon'
    if (code === 'ECONNRESET' || code === 'EPIPE' || code === 'ABORT_ERR') return 'soon'
    throw new DatabaseUnavailable(
      `The embedded Postgres at ${paths.socket} cannot be reached (${code}). It belongs to another ` +
        'user or another program. Set BESTMARK_HOME to a folder of your own.',
      { cause: error },
    )
  } finally {
    await bestEffort(() => sql.end({ timeout: 0 }))
  }
}

/**
 * Settings for a small board: little memory, a bounded log of changes, no network. Durability is
 * unchanged: acknowledged writes survive kill -9.
 */
const SETTINGS: Record<string, string> = {
  listen_addresses: '',
  unix_socket_permissions: '0700',
  max_connections: '100',
  shared_buffers: '32MB',
  max_wal_size: '128MB',
  min_wal_size: '32MB',
  // After each checkpoint the first change of a page writes the whole page to the log. `max_wal_size`
  // still bounds how long a start after a crash takes.
  checkpoint_timeout: '30min',
  wal_compression: 'pglz',
  wal_level: 'minimal',
  max_wal_senders: '0',
  io_method: 'sync',
  jit: 'off',
  log_checkpoints: 'off',
  log_timezone: 'UTC',
  timezone: 'UTC',
}

/** The longest log that is kept when the server starts, in bytes. */
const LONGEST_LOG = 10_000_000

/** Whether processes of the data folder are visible here, or run in another container. */
export type Visible = 'here' | 'beside'

/** Starts the server and waits until it answers. Throws DatabaseUnavailable with its last error. */
export async function launch(
  paths: ServerPaths,
  binaries: Binaries,
  account: Account,
  where: Visible,
): Promise<void> {
  await makeSocketFolder(paths, account)
  const lock = await lockedBy(paths)
  if (!lock && where === 'beside') throw runsBeside(paths)
  const stale = await staleLocks(paths)
  const parameters = { ...SETTINGS, unix_socket_directories: paths.socketFolder }
  const args = Object.entries(parameters).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const log = await open(paths.log, 'a', 0o600)
  if ((await log.stat()).size > LONGEST_LOG) await truncate(paths.log)
  const from = (await log.stat()).size
  const program = join(binaries.folder, 'bin', 'postgres')
  const server = [program, '-D', paths.data, '-p', '5432', ...args]
  if (!lock) for (const file of stale) await rm(file, { force: true })
  const [file = program, ...words] = lock
    ? [...lock, '/bin/sh', '-c', REMOVE_THEN_RUN, 'sh', ...stale, '--', ...server]
    : server
  const child = spawnAs(account, file, words, { stdio: ['ignore', log.fd, log.fd], cwd: '/' })
  const end = endOf(child)
  await log.close()
  child.unref()
  await untilReady(paths, end, from)
}

/** How a process ended; empty while it runs. */
interface ProcessEnd {
  message?: string
  code?: number | null
}

/** Must be called directly after the start: a process may end before the next await returns. */
function endOf(child: ChildProcess): ProcessEnd {
  const end: ProcessEnd = {}
  child.once('error', ({ message }) => (end.message = message))
  child.once('exit', (code, signal) =>
    Object.assign(end, { code, message: `exit ${code ?? signal}` }),
  )
  return end
}

async function untilReady(paths: ServerPaths, end: ProcessEnd, from: number): Promise<void> {
  // Recovery after a crash may take a while; only the end of the process means that it failed.
  for (;;) {
    if ((await checkServer(paths)) === 'yes') return
    if (end.message !== undefined) break
    await pause(5)
  }
  // Another process may have started its server first; that one answers soon.
  for (const end = Date.now() + 3_000; Date.now() < end; await pause(50)) {
    if ((await checkServer(paths)) === 'yes') return
  }
  if (end.code === TAKEN) throw runsBeside(paths)
  const why = (await lastError(paths, from)) || end.message
  // Postgres has no code for this, only words.
  // eslint-disable-next-line bestmark/read-sentences
  if (/No space left on device|Disk quota exceeded/.test(why)) throw noRoom(paths)
  throw new DatabaseUnavailable(
    `The embedded Postgres in ${paths.home} did not start: ${why}. Its log is ${paths.log}.`,
  )
}

function noRoom({ home, log }: ServerPaths): DatabaseUnavailable {
  return new DatabaseUnavailable(
    `The embedded Postgres in ${home} did not start: its disk is full. Free some space there; ` +
      `recorded data is kept. Its log is ${log}.`,
  )
}

function runsBeside({ home }: ServerPaths): DatabaseUnavailable {
  return new DatabaseUnavailable(
    `Another container of this machine runs the database in ${home}, and it cannot be reached from ` +
      'here. Stop Bestmark there, or set DATABASE_URL to a Postgres that both can reach.',
  )
}

/** The server's last error, in its log from a byte on. */
async function lastError({ log }: ServerPaths, from: number): Promise<string> {
  const lines = (await readFile(log)).subarray(from).toString().trim().split('\n')
  const fatal = lines.filter((line) => /FATAL|PANIC/.test(line)).at(-1) ?? lines.at(-1) ?? ''
  return fatal.replace(/^.*?(FATAL|PANIC):\s*/, '').trim()
}

/** The socket's folder may be in /tmp, where another user may have created it. */
async function makeSocketFolder(paths: ServerPaths, account: Account): Promise<void> {
  const { socketFolder } = paths
  await mkdir(socketFolder, { mode: 0o700, recursive: true })
  const found = await lstat(socketFolder)
  const ours = [process.getuid?.(), account.kind === 'lowered' ? account.uid : undefined]
  if (!found.isDirectory() || (found.mode & 0o077) !== 0 || !ours.includes(found.uid)) {
    throw new DatabaseUnavailable(
      `${socketFolder} is not a folder that only this user can open, so the database does not start there. ` +
        'Remove it, or set BESTMARK_HOME to a shorter path.',
    )
  }
  await giveFolder(socketFolder, account)
}

/**
 * The locks of a killed server. Postgres trusts their pid, but by now it may be that of a
 * zombie or another program. If no process works in the data folder, no server runs.
 */
async function staleLocks(paths: ServerPaths): Promise<string[]> {
  const pid = await postmasterPid(paths)
  if (pid === undefined) return []
  const since = Date.now()
  let isAsked = false
  for (const end = since + 15_000; Date.now() < end; await pause(20)) {
    if (!(await isServerAlive(paths))) break
    if ((await checkServer(paths)) !== 'no') return []
    if (isAsked || Date.now() < since + DEAF || !(await saysReady(paths))) continue
    // Its socket was removed, so nobody can reach it again. It keeps what it acknowledged.
    isAsked = await interruptServer(paths)
  }
  if (await isServerAlive(paths)) return []
  return [join(paths.data, 'postmaster.pid'), `${paths.socket}.lock`, paths.socket]
}

/** How long a ready server may have no socket before it is stopped (ms). */
const DEAF = 2_000

/** Whether the server calls itself ready in its lock; it does not while it starts or stops. */
async function saysReady({ data }: ServerPaths): Promise<boolean> {
  const text = await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '')
  return text.split('\n')[7]?.trim() === 'ready'
}

/** The pid that the lock of the data folder names, if there is one. */
export async function postmasterPid({ data }: ServerPaths): Promise<number | undefined> {
  const text = await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '')
  return Number.parseInt(text, 10) || undefined
}

/** Whether the server or one of its helpers is alive; a zombie is not. */
export async function isServerAlive(paths: ServerPaths): Promise<boolean> {
  if (process.platform === 'linux') return someProcessWorksIn(paths.data)
  const pid = await postmasterPid(paths)
  if (pid === undefined) return false
  const listed = promisify(execFile)('ps', ['-p', String(pid), '-o', 'command='])
  return listed.then(({ stdout }) => stdout.includes(paths.data)).catch(() => false)
}

/**
 * Asks the server to end, even with open connections. Returns whether it was asked: the pid of a
 * server in another container is that of another program here.
 */
export async function interruptServer(paths: ServerPaths): Promise<boolean> {
  const pid = await postmasterPid(paths)
  if (pid === undefined) return false
  const isOurs =
    process.platform === 'linux' ? await worksIn(paths.data, pid) : await isServerAlive(paths)
  return isOurs && process.kill(pid, 'SIGINT')
}

/** Postgres and all its helpers have the data folder as their working directory. */
async function someProcessWorksIn(folder: string): Promise<boolean> {
  for (const pid of await readdir('/proc')) {
    if (/^\d+$/.test(pid) && (await worksIn(folder, Number(pid)))) return true
  }
  return false
}

async function worksIn(folder: string, pid: number): Promise<boolean> {
  const cwd = await stat(`/proc/${pid}/cwd/`).catch(() => undefined)
  const data = await stat(folder).catch(() => undefined)
  return data !== undefined && cwd?.ino === data.ino && cwd.dev === data.dev
}
