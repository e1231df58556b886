import { execFile, type ChildProcess, spawn, type SpawnOptions } from 'node:child_process'
import { chmod, chown, readFile, stat } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { promisify } from 'node:util'

/**
 * The user account of the server. Postgres refuses root, and initdb refuses a user without a name. So
 * `mapped` uses another user in a user namespace (files stay ours), and `lowered` gives up root's
 * rights for those of another user (files become theirs).
 */
export type Account =
  { kind: 'own' } | { kind: 'mapped'; uid: number } | { kind: 'lowered'; uid: number; gid: number }

/** The possible accounts, best first, for data that belongs to `owner`, if there is data. */
export async function accounts(owner: number | undefined): Promise<Account[]> {
  const uid = process.getuid?.() ?? 0
  if (uid !== 0 && isNamed()) return [{ kind: 'own' }]
  const others = (await users()).filter(({ uid }) => uid !== 0)
  const nobody = others.find(({ uid }) => uid === 65534) ?? others[0]
  const mapped: Account[] =
    nobody && (await canMap(nobody.uid)) ? [{ kind: 'mapped', uid: nobody.uid }] : []
  if (uid !== 0) return [...mapped, { kind: 'own' }]
  if (owner !== undefined && owner !== 0) return [{ kind: 'lowered', uid: owner, gid: owner }]
  const other = others.find(({ name }) => name === 'postgres') ?? nobody
  const lowered: Account[] = other ? [{ kind: 'lowered', uid: other.uid, gid: other.gid }] : []
  return owner === 0 ? mapped : [...mapped, ...lowered]
}

/** Starts a program under the account, in its own session, so that Ctrl-C does not stop it. */
export function spawnAs(
  account: Account,
  file: string,
  args: readonly string[],
  options: SpawnOptions,
): ChildProcess {
  // The caller's environment (PGDATA, LD_LIBRARY_PATH, LANG, …) must not affect the server.
  const env = { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' }
  const all = { ...options, env, detached: true }
  if (account.kind === 'mapped')
    return spawn('unshare', [...mapping(account.uid), file, ...args], all)
  if (account.kind === 'own') return spawn(file, args, all)
  return spawn(file, args, { ...all, uid: account.uid, gid: account.gid })
}

/** Whether the account may run a program, or enter a folder. */
export async function canReach(account: Account, path: string): Promise<boolean> {
  const probe = spawnAs(account, '/bin/sh', ['-c', 'test -x "$1"', 'sh', path], {
    stdio: 'ignore',
    cwd: '/',
  })
  return new Promise((resolve) => {
    probe.on('error', () => resolve(false))
    probe.on('exit', (code) => resolve(code === 0))
  })
}

/** Gives a new folder to the account. */
export async function giveFolder(folder: string, account: Account): Promise<void> {
  if (account.kind === 'lowered') await chown(folder, account.uid, account.gid)
}

/** Lets a lowered account enter one of our folders, but not list it. */
export async function allowPassThrough(folder: string, account: Account): Promise<void> {
  if (account.kind !== 'lowered') return
  const { mode, uid } = await stat(folder)
  if (uid === 0) await chmod(folder, (mode & 0o777) | 0o011)
}

function mapping(uid: number): string[] {
  return ['--user', `--map-user=${uid}`, `--map-group=${uid}`]
}

function isNamed(): boolean {
  try {
    return userInfo().username !== ''
  } catch {
    return false
  }
}

async function users(): Promise<{ name: string; uid: number; gid: number }[]> {
  const lines = await readFile('/etc/passwd', 'utf8').catch(() => '')
  return lines
    .split('\n')
    .map((line) => line.split(':'))
    .filter(([name, , uid]) => name && uid)
    .map(([name = '', , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }))
}

async function canMap(uid: number): Promise<boolean> {
  if (process.platform !== 'linux') return false
  return promisify(execFile)('unshare', [...mapping(uid), 'true']).then(
    () => true,
    () => false,
  )
}
