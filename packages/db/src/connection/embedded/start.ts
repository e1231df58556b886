import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { DatabaseUnavailable } from '../unavailable.ts'
import { accounts, giveFolder, allowPassThrough, canReach, type Account } from './account.ts'
import { copiedBinaries, runnableBinaries, type Binaries } from './binaries.ts'
import { makeCluster, ownerOf } from './cluster.ts'
import { digestOf, serverPathsIn, type ServerPaths } from './serverPaths.ts'
import { checkServer, launch, isServerAlive, type Visible } from './server.ts'
import { takeTurn } from './turn.ts'
import { forgetHost, hasHostNote, noteHostIfMissing, noteHost, replaceHost } from './hostNote.ts'
import type { Machine } from '../machine.ts'

/** The paths of a data folder's server, which may be in another folder. */
export async function findServerPaths(home: string): Promise<ServerPaths> {
  const moved = await readFile(elsewhereFile(home), 'utf8').catch(() => '')
  return serverPathsIn(moved.trim() || home)
}

/**
 * The server of a data folder: the running one, or one that is started now. Throws
 * DatabaseUnavailable if another machine than `me` runs it.
 */
export async function ensureServer(home: string, me: Machine): Promise<ServerPaths> {
  const running = await findServerPaths(home)
  if (await isServed(running)) {
    if (!(await hasHostNote(home)) && (await isServerAlive(running)))
      await noteHostIfMissing(home, me)
    return running
  }
  await using _turn = await takeTurn(digestOf(home))
  const paths = await findServerPaths(home)
  if (await isServed(paths)) return paths
  const where = await noteHost(home, me)
  try {
    const started = await start(home, paths, where)
    if (where === 'beside') await replaceHost(home, me)
    return started
  } catch (error) {
    if (!(await isServerAlive(paths))) await forgetHost(home, me)
    throw error
  }
}

/** Whether the server answers, waiting while it starts, recovers or stops. */
async function isServed(paths: ServerPaths): Promise<boolean> {
  for (;;) {
    const answer = await checkServer(paths)
    if (answer !== 'soon') return answer === 'yes'
    await pause(20)
  }
}

async function start(home: string, paths: ServerPaths, where: Visible): Promise<ServerPaths> {
  const owner = await ownerOf(paths)
  const able = await accounts(owner)
  for (const account of able) {
    await allowPassThrough(paths.home, account)
    if (account.kind === 'own' || (await canReach(account, paths.home))) {
      return startAs(account, paths, where)
    }
  }
  const last = able.at(-1)
  if (!last || last.kind === 'own' || owner !== undefined) throw unreachable(home)
  return startAs(last, await moveElsewhere(home, last), where)
}

async function startAs(account: Account, paths: ServerPaths, where: Visible): Promise<ServerPaths> {
  const binaries = await binariesFor(account, paths)
  await makeCluster(paths, binaries, account)
  await launch(paths, binaries, account, where)
  return paths
}

async function binariesFor(account: Account, paths: ServerPaths): Promise<Binaries> {
  const found = await runnableBinaries(paths.home)
  if (account.kind === 'own' || (await canReach(account, join(found.folder, 'bin', 'postgres')))) {
    return found
  }
  return copiedBinaries(found, paths.home)
}

/**
 * The user that Postgres needs may not enter the folders of root. So the database files are in a
 * folder that both may enter, and a file in the data folder names it.
 */
async function moveElsewhere(home: string, account: Account): Promise<ServerPaths> {
  const paths = serverPathsIn(join('/var/lib/bestmark', digestOf(home)))
  await mkdir('/var/lib/bestmark', { recursive: true, mode: 0o711 })
  await mkdir(paths.home, { recursive: true, mode: 0o711 })
  if (!(await canReach(account, paths.home))) throw unreachable(home)
  await giveFolder(paths.home, account)
  await writeFile(elsewhereFile(home), `${paths.home}\n`, { mode: 0o600 })
  return paths
}

function elsewhereFile(home: string): string {
  return join(home, 'postgres-is-in')
}

function unreachable(home: string): DatabaseUnavailable {
  return new DatabaseUnavailable(
    `Postgres does not run as root, and no other user can open ${home}. Start Bestmark as a normal ` +
      'user, set BESTMARK_HOME to a folder that other users can enter, or set DATABASE_URL.',
  )
}
