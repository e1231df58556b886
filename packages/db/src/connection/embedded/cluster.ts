import { readdir, mkdir, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { randomUUID } from 'node:crypto'
import { bestEffort, REMOVING } from '../bestEffort.ts'
import { DatabaseUnavailable } from '../unavailable.ts'
import { giveFolder, spawnAs, type Account } from './account.ts'
import type { Binaries } from './binaries.ts'
import type { ServerPaths } from './serverPaths.ts'

/** The user id of the owner of the database files; undefined if there are none. */
export async function ownerOf(paths: ServerPaths): Promise<number | undefined> {
  const version = await stat(join(paths.data, 'PG_VERSION')).catch(() => undefined)
  return version?.uid
}

/**
 * Creates the database files if there are none. A draft folder is renamed when it is complete, so that
 * one of several processes wins and no process sees incomplete files.
 */
export async function makeCluster(
  paths: ServerPaths,
  binaries: Binaries,
  account: Account,
): Promise<void> {
  if ((await ownerOf(paths)) !== undefined) return
  await sweepDrafts(paths)
  const draft = `${paths.data}.${process.pid}.${randomUUID()}`
  try {
    await mkdir(draft, { mode: 0o700 })
    await giveFolder(draft, account)
    await initdb(draft, binaries, account)
    await rename(draft, paths.data).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
    })
  } finally {
    await bestEffort(() => rm(draft, { recursive: true, force: true }), REMOVING)
  }
}

/** The built-in locale: the machine may have none, and a cluster without a locale is SQL_ASCII. */
const INITDB = [
  '--username=bestmark',
  '--auth-local=trust',
  '--auth-host=reject',
  '--encoding=UTF8',
  '--locale=C',
  '--locale-provider=builtin',
  '--builtin-locale=C.UTF-8',
  '--no-instructions',
]

async function initdb(folder: string, binaries: Binaries, account: Account): Promise<void> {
  const program = join(binaries.folder, 'bin', 'initdb')
  const child = spawnAs(account, program, ['-D', folder, ...INITDB], {
    stdio: ['ignore', 'ignore', 'pipe'],
    cwd: '/',
  })
  let errorOutput = ''
  child.stderr?.on('data', (text: Buffer) => (errorOutput += text.toString()))
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  if (code === 0) return
  const why =
    errorOutput
      .trim()
      .split('\n')
      .find((line) => line.includes('error:')) ?? `exit code ${code}`
  throw new DatabaseUnavailable(
    `The embedded Postgres could not create its files in ${dirname(folder)}: ${why.trim()}. ` +
      'Set BESTMARK_HOME to another folder, or DATABASE_URL to a Postgres 15 or newer.',
  )
}

/** Removes drafts of processes that died. */
async function sweepDrafts(paths: ServerPaths): Promise<void> {
  const folder = dirname(paths.data)
  const prefix = `${basename(paths.data)}.`
  for (const name of await readdir(folder)) {
    const pid = Number(name.slice(prefix.length).split('.')[0])
    if (!name.startsWith(prefix) || !pid || isAlive(pid)) continue
    await rm(join(folder, name), { recursive: true, force: true })
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
