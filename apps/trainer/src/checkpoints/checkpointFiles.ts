import { createHash } from 'node:crypto'
import { readdir, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, relative, sep } from 'node:path'
import { systemCode } from '../failure.ts'
import { statIfSeen } from '../files/runFile.ts'

/** A file of a checkpoint as the file system tells of it. */
export interface ListedFile {
  /** Absolute, links resolved. */
  path: string
  /** Below the checkpoint's folder; of a checkpoint that is one file, its own. */
  name: string
  bytes: number
  changed_at: number
  /** Why it is no file of this run. */
  why: string | null
}

/** The files of a checkpoint, which is a folder or one file. */
export interface CheckpointFiles {
  isFile: boolean
  files: ListedFile[]
}

/** Files asked about together. */
const TOGETHER = 64
/** Raised when files are looked at more closely, so that each is looked at anew. */
const VERSION = 2

/** Every file of a checkpoint, in order of their names. `home` is the run's root, links resolved. */
export async function listCheckpointFiles(home: string, place: string): Promise<CheckpointFiles> {
  const prefix = await filesOfPrefix(place)
  if (prefix) {
    const found = prefix.map((path) => listed(home, path, basename(path)))
    return { isFile: false, files: (await Promise.all(found)).flat() }
  }
  const isFile = (await stat(place)).isFile()
  if (isFile) return { isFile, files: await listed(home, place, basename(place)) }
  const entries = await readdir(place, { withFileTypes: true, recursive: true })
  const paths = entries
    .filter((entry) => !entry.isDirectory())
    .map(({ parentPath, name }) => join(parentPath, name))
    .sort()
  const files: ListedFile[] = []
  for (let from = 0; from < paths.length; from += TOGETHER) {
    const some = paths.slice(from, from + TOGETHER)
    const found = some.map((path) => listed(home, path, relative(place, path)))
    files.push(...(await Promise.all(found)).flat())
  }
  return { isFile, files }
}

/**
 * The files of a TensorFlow checkpoint, which is what their names begin with: its index and its data.
 * Undefined where a file or folder of that name lies there, or no index does.
 */
async function filesOfPrefix(place: string): Promise<string[] | undefined> {
  if (statIfSeen(place) || !statIfSeen(`${place}.index`)) return undefined
  const [folder, name] = [dirname(place), basename(place)]
  const names = (await readdir(folder)).filter((one) => {
    return one === `${name}.index` || one.startsWith(`${name}.data-`)
  })
  return names.sort().map((one) => join(folder, one))
}

/** Where a checkpoint lies, links resolved. Rejects as `realpath` does. */
export async function realCheckpointPath(place: string): Promise<string> {
  if ((await filesOfPrefix(place)) === undefined) return realpath(place)
  return join(await realpath(dirname(place)), basename(place))
}

/** None where a file went away since it was listed. */
async function listed(home: string, place: string, name: string): Promise<ListedFile[]> {
  const none = { path: place, name, bytes: 0, changed_at: 0 }
  try {
    const path = await realpath(place)
    if (!isInside(home, path)) {
      return [{ ...none, why: `leads outside the run's folder, to ${path}` }]
    }
    const found = await stat(path)
    const why = found.isFile() ? null : 'is neither a file nor a real folder'
    return [{ path, name, bytes: found.size, changed_at: found.mtimeMs, why }]
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [{ ...none, why: 'is a broken link' }]
    throw error
  }
}

/** Stands for names, sizes and times of files: where it stays, the files stayed. */
export function signatureOf(files: readonly ListedFile[]): string {
  const hash = createHash('sha1')
  for (const { name, bytes, changed_at } of files) hash.update(`${name}\0${bytes}\0${changed_at}\n`)
  return `${VERSION}-${hash.digest('hex')}`
}

/** Whether a resolved path is a folder or below it. */
export function isInside(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep)
}
