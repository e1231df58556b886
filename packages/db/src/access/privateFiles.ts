import { chmod, lstat, mkdir, readdir, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** What Bestmark keeps in a data folder for nobody else to read. */
const FOLDERS = ['runs', 'models', 'examples', 'sessions']
const FILES = ['token', 'host_id']
/** Folders of the database and of its socket. */
const DATABASE = /^(postgres.*|run)$/
/** What a disk has of itself. */
const OF_DISK = 'lost+found'

const OTHERS = 0o077
/** Others may pass through, and see nothing: a database that runs under another name does. */
const PASS = 0o011
const STICKY = 0o1000

/** A folder of a data folder, for nobody else to read; made where it is missing. */
export async function privateFolder(home: string, name: string): Promise<string> {
  const path = join(home, name)
  await mkdir(path, { recursive: true, mode: 0o700 })
  return path
}

/**
 * Closes a data folder, and what lies in it, to other users of the machine; returns a sentence for
 * each that was open. A folder that others pass through to reach a database stays so. One that
 * holds other people's things is left alone, and only what is Bestmark's in it is closed.
 */
export async function makeHomePrivate(folder: string): Promise<string[]> {
  // Windows keeps who may read in lists that Node does not show.
  if (process.platform === 'win32') return []
  const home = await realpath(folder)
  const { mode } = await stat(home)
  const told = [await closeTop(home)]
  for (const name of FOLDERS) told.push(await close(join(home, name), 0o700))
  for (const name of FILES) told.push(await close(join(home, name), 0o600))
  // What lies open in a closed folder was reached by nobody.
  return (mode & OTHERS) === 0 ? [] : told.filter((sentence) => sentence !== undefined)
}

async function closeTop(home: string): Promise<string | undefined> {
  const { mode } = await stat(home)
  const foreign = await foreignFolder(home)
  if ((mode & STICKY) === 0 && foreign === undefined) {
    return close(home, (await isPassedThrough(home)) ? 0o700 | PASS : 0o700)
  }
  if ((mode & OTHERS & ~PASS) === 0) return undefined
  const why = foreign === undefined ? 'is shared by all users' : `also contains ${foreign}`
  return (
    `Other users of this machine can open the data folder ${home}. It ${why}, so only ` +
    "Bestmark's own files in it are protected. Set BESTMARK_HOME to a folder of its own."
  )
}

/** A folder that is not Bestmark's, if there is one. */
async function foreignFolder(home: string): Promise<string | undefined> {
  const entries = await readdir(home, { withFileTypes: true })
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
  const known = [...FOLDERS, OF_DISK]
  return folders.find((name) => !known.includes(name) && !DATABASE.test(name))
}

/** Whether the database's files belong to another user, who must reach them. */
async function isPassedThrough(home: string): Promise<boolean> {
  const { uid } = await stat(home)
  const names = await readdir(home)
  const owners = names
    .filter((name) => DATABASE.test(name))
    .map(async (name) => (await stat(join(home, name)).catch(() => undefined))?.uid ?? uid)
  return (await Promise.all(owners)).some((owner) => owner !== uid)
}

/** Takes from others what a mode does not give them; returns what was told of it. */
async function close(path: string, mode: number): Promise<string | undefined> {
  const found = await lstat(path).catch(() => undefined)
  // A link leads to what is not in the folder.
  if (!found || found.isSymbolicLink()) return undefined
  const open = found.mode & OTHERS & ~mode
  if (open === 0) return undefined
  const before = (found.mode & 0o777).toString(8).padStart(4, '0')
  const what = `Other users of this machine could open ${path} (mode ${before})`
  // Some file systems take the new mode without a word and keep the old one.
  await chmod(path, found.mode & 0o777 & (mode | 0o700)).catch(() => undefined)
  const isClosed = ((await lstat(path)).mode & open) === 0
  if (isClosed) return `${what}. Now they cannot.`
  return `${what}, and its mode cannot be changed. Set BESTMARK_HOME to a folder that only you can open.`
}
