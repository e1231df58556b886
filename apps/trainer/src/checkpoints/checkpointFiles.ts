import { createHash } from 'node:crypto'
import { readdir, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, relative, sep } from 'node:path'
import { systemCode } from '../failure.ts'
import { statIfSeen } from '../files/runFile.ts'
import type { FilesProblem } from './weights/bytes.ts'

/** A file of a checkpoint, from the file system. */
export interface ListedFile {
  /** Absolute, links resolved; or the URI of an object. */
  path: string
  /** The path below the checkpoint's folder, or the name of a checkpoint that is one file. */
  name: string
  bytes: number
  changed_at: number
  /** Of an object: changes with its content. */
  etag?: string
  /** Why it is not a file of this run; null if it is. The words follow its name. */
  problem: FilesProblem | null
}

/** The files of a checkpoint, which is a folder or one file. */
export interface CheckpointFiles {
  isFile: boolean
  files: ListedFile[]
}

/** How many files are checked at once. */
const TOGETHER = 64
const UNUSUAL = { fault: 'file_unusual', why: 'is neither a file nor a real folder' } as const
const BROKEN_LINK = { fault: 'link_broken', why: 'is a broken link' } as const
/** Raised when the checks of files change, so that every file is checked again. */
const VERSION = 2

/** Every file of a checkpoint, sorted by name. `home` is the run's root with links resolved. */
export async function listCheckpointFiles(
  home: string,
  absolute_path: string,
): Promise<CheckpointFiles> {
  const prefix = await filesOfPrefix(absolute_path)
  if (prefix) {
    const found = prefix.map((path) => listFile(home, path, { name: basename(path) }))
    return { isFile: false, files: (await Promise.all(found)).flat() }
  }
  const isFile = (await stat(absolute_path)).isFile()
  if (isFile)
    return { isFile, files: await listFile(home, absolute_path, { name: basename(absolute_path) }) }
  const folder = await realpath(absolute_path)
  const entries = await readdir(folder, { withFileTypes: true, recursive: true })
  const paths = entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => ({ path: join(entry.parentPath, entry.name), isReal: entry.isFile() }))
    .sort((a, b) => (a.path < b.path ? -1 : 1))
  const files: ListedFile[] = []
  for (let from = 0; from < paths.length; from += TOGETHER) {
    const some = paths.slice(from, from + TOGETHER)
    const found = some.map(({ path, isReal }) =>
      listFile(home, path, { name: relative(folder, path), isReal }),
    )
    files.push(...(await Promise.all(found)).flat())
  }
  return { isFile, files }
}

/**
 * The index and data files of a TensorFlow checkpoint, whose path is only the beginning of their
 * names. Undefined if the path itself exists, or if there is no index.
 */
export async function filesOfPrefix(absolute_path: string): Promise<string[] | undefined> {
  if (statIfSeen(absolute_path) || !statIfSeen(`${absolute_path}.index`)) return undefined
  const [folder, name] = [dirname(absolute_path), basename(absolute_path)]
  const names = (await readdir(folder)).filter((one) => {
    return one === `${name}.index` || one.startsWith(`${name}.data-`)
  })
  return names.sort().map((one) => join(folder, one))
}

/** The path of a checkpoint with links resolved. Rejects as `realpath` does. */
export async function realCheckpointPath(absolute_path: string): Promise<string> {
  if ((await filesOfPrefix(absolute_path)) === undefined) return realpath(absolute_path)
  return join(await realpath(dirname(absolute_path)), basename(absolute_path))
}

/** One file of a checkpoint; a missing target gives a `problem`. A real path has no links. */
async function listFile(
  home: string,
  absolute_path: string,
  { name, isReal = false }: { name: string; isReal?: boolean },
): Promise<ListedFile[]> {
  const none = { path: absolute_path, name, bytes: 0, changed_at: 0 }
  try {
    const path = isReal ? absolute_path : await realpath(absolute_path)
    if (!isInside(home, path)) {
      const why = `leads outside the run's folder, to ${path}`
      return [{ ...none, problem: { fault: 'file_outside_root', why } }]
    }
    const found = await stat(path)
    const problem = found.isFile() ? null : UNUSUAL
    return [{ path, name, bytes: found.size, changed_at: found.mtimeMs, problem }]
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [{ ...none, problem: BROKEN_LINK }]
    throw error
  }
}

/** A hash of names, sizes and times of files; it changes when a file changes. */
export function signatureOf(files: readonly ListedFile[]): string {
  const hash = createHash('sha1')
  for (const { name, bytes, changed_at, etag } of files) {
    hash.update(`${name}\0${bytes}\0${changed_at}${etag === undefined ? '' : `\0${etag}`}\n`)
  }
  return `${VERSION}-${hash.digest('hex')}`
}

/** Whether a resolved path is the folder or below it. */
export function isInside(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep)
}
