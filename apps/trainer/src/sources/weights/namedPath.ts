import { realpath } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path'
import { isUri } from '@bestmark/core'
import { isInside } from '../../checkpoints/checkpointFiles.ts'
import { systemCode } from '../../failure.ts'
import { readSetupNote } from '../config/setupNote.ts'

/** Where the weights are that a file of a run names. */
export type NamedWeights =
  | { place: 'run'; path: string }
  /** Outside the run's root, at an absolute path. */
  | { place: 'elsewhere'; path: string }
  | { place: 'unknown' }

/** A path of weights, and the file of the run that names it. */
export interface NamedPath {
  path: string
  file: string
}

/** A program may have been started in one of so many folders above its output. */
const HIGHEST = 3

/**
 * Finds weights that a file names: relative to that file, to the root, to the working directory of the
 * program, or to a folder above the root. A run may have been moved, so the end of the path is searched
 * in the root too. A file of another folder is preferred to one of only the same name.
 */
export async function findNamedWeights(root: string, named: NamedPath): Promise<NamedWeights> {
  const path = named.path.replaceAll('\\', '/')
  const home = await realpath(root)
  const found = await existing(await placesOf(root, { ...named, path }))
  const inside = found.find((one) => isInside(home, one) && one !== home)
  if (inside !== undefined) return { place: 'run', path: relative(home, inside) }
  const moved = await endInRoot(root, path)
  if (moved?.isSure) return { place: 'run', path: moved.path }
  const [elsewhere] = found.filter((one) => one !== home)
  if (elsewhere !== undefined) return { place: 'elsewhere', path: elsewhere }
  return moved ? { place: 'run', path: moved.path } : { place: 'unknown' }
}

/** The absolute paths that a named path may mean. */
async function placesOf(root: string, { path, file }: NamedPath): Promise<string[]> {
  if (isAbsolute(path)) return [path]
  // Joined to a folder it could name another file.
  if (isUri(path)) return []
  const { working_directory } = (await readSetupNote(root))?.environment ?? {}
  const above = [root]
  for (let count = 0; count < HIGHEST; count++) above.push(dirname(above.at(-1) ?? root))
  const started = typeof working_directory === 'string' ? [working_directory] : []
  const folders = [dirname(join(root, file)), root, ...started, ...above]
  return [...new Set(folders.map((folder) => resolve(folder, path)))]
}

async function existing(paths: readonly string[]): Promise<string[]> {
  const found: string[] = []
  for (const path of paths) {
    const real = await realpath(path).catch(ignoreMissing)
    if (real !== undefined) found.push(real)
  }
  return found
}

/**
 * The longest end of a path that exists in the root. It is sure if it has a folder, or if the folder
 * before it is called like the root.
 */
async function endInRoot(
  root: string,
  path: string,
): Promise<{ path: string; isSure: boolean } | undefined> {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.')
  if (parts.includes('..')) return undefined
  for (const at of parts.keys()) {
    const end = parts.slice(at)
    if ((await existing([join(root, ...end)])).length === 0) continue
    const isSure = end.length > 1 || parts[at - 1] === basename(root)
    return { path: end.join('/'), isSure }
  }
  return undefined
}

function ignoreMissing(error: unknown): undefined {
  if (systemCode(error) === undefined) throw error
  return undefined
}
