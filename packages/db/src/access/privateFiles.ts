import { chmod, lstat, mkdir, readdir, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** Bestmark's private files and folders in a data folder. */
const FOLDERS = ['runs', 'models', 'targets', 'examples', 'sessions']
const FILES = ['token', 'setup_token', 'host_id', 'targets.yaml']
/** Folders of the database and of its socket. */
const DATABASE = /^(postgres.*|run)$/
/** A folder that every disk has. */
const OF_DISK = 'lost+found'

const OTHERS = 0o077
/** Others may enter the folder but not list it; a database that runs as another user needs this. */
const PASS = 0o011
const STICKY = 0o1000

/** A private folder in the data folder; created if missing. */
export async function privateFolder(home: string, name: string): Promise<string> {
  const path = join(home, name)
  await mkdir(path, { recursive: true, mode: 0o700 })
  return path
}

/**
 * Makes a data folder and its files private; returns a sentence for each that was open to other
 * users. Others may still enter it if they run the database. A folder that contains other files is
 * not changed; only Bestmark's own files in it are made private.
 */
export async function makeHomePrivate(folder: string): Promise<string[]> {
  // On Windows, Node cannot read or change access lists.
  if (process.platform === 'win32') return []
  const home = await realpath(folder)
  const { mode } = await stat(home)
  const warnings = [await closeTop(home)]
  for (const name of FOLDERS) warnings.push(await close(join(home, name), 0o700))
  for (const name of FILES) warnings.push(await close(join(home, name), 0o600))
  // Nobody could reach open files in a private folder.
  return (mode & OTHERS) === 0 ? [] : warnings.filter((sentence) => sentence !== undefined)
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
    "Bestmark's own files in it are protected. Set BESTMARK_HOME to a folder that only Bestmark uses."
  )
}

/** The name of a folder that is not Bestmark's, if there is one. */
async function foreignFolder(home: string): Promise<string | undefined> {
  const entries = await readdir(home, { withFileTypes: true })
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
  const expected = [...FOLDERS, OF_DISK]
  return folders.find((name) => !expected.includes(name) && !DATABASE.test(name))
}

/** Whether the database's files belong to another user, who must be able to open them. */
async function isPassedThrough(home: string): Promise<boolean> {
  const { uid } = await stat(home)
  const names = await readdir(home)
  const owners = names
    .filter((name) => DATABASE.test(name))
    .map(async (name) => (await stat(join(home, name)).catch(() => undefined))?.uid ?? uid)
  return (await Promise.all(owners)).some((owner) => owner !== uid)
}

/** Removes the rights of others that `mode` does not have; returns a message if there were any. */
async function close(path: string, mode: number): Promise<string | undefined> {
  const found = await lstat(path).catch(() => undefined)
  // The target of a link is outside the folder.
  if (!found || found.isSymbolicLink()) return undefined
  const open = found.mode & OTHERS & ~mode
  if (open === 0) return undefined
  const before = (found.mode & 0o777).toString(8).padStart(4, '0')
  const what = `Other users of this machine could open ${path} (mode ${before})`
  // Some file systems ignore the new mode without an error.
  await chmod(path, found.mode & 0o777 & (mode | 0o700)).catch(() => undefined)
  const isClosed = ((await lstat(path)).mode & open) === 0
  if (isClosed) return `${what}. Now they cannot.`
  return `${what}, and its mode cannot be changed. Set BESTMARK_HOME to a folder that only you can open.`
}
