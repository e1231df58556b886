import { lstat, readdir, realpath, rm } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { Failure, systemCode } from '../../failure.ts'
import { isInside } from '../../checkpoints/inspect.ts'
import { REMOVED } from './removal.ts'

/** What an interrupted prune left of a checkpoint. */
export interface Leftover {
  /** Relative to the run's root. */
  path: string
  bytes: number
}

/** What interrupted prunes left below a run's root (links resolved). Links are not followed. */
export async function findLeftovers(root: string): Promise<Leftover[]> {
  const left: Leftover[] = []
  for await (const folder of foldersIn(root)) {
    left.push({ path: relative(root, folder), bytes: await bytesIn(folder) })
  }
  return left.sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** Removes what an interrupted prune left. Throws a Failure if a link now leads there. */
export async function removeLeftover(root: string, { path }: Leftover): Promise<void> {
  const place = join(root, path)
  const above = dirname(place)
  if (!isInside(root, place) || (await realpath(above)) !== above) {
    throw new Failure(`${place} is behind a link, so it was not removed.`)
  }
  await rm(place, { recursive: true, force: true })
}

async function* foldersIn(folder: string): AsyncGenerator<string> {
  for (const entry of await entriesOf(folder)) {
    const path = join(folder, entry.name)
    if (entry.isSymbolicLink()) continue
    if (entry.name.startsWith(REMOVED)) yield path
    else if (entry.isDirectory()) yield* foldersIn(path)
  }
}

async function bytesIn(path: string): Promise<number> {
  const seen = await lstat(path).catch(orGone)
  if (!seen?.isDirectory()) return seen?.isFile() ? seen.size : 0
  let bytes = 0
  for (const { name } of await entriesOf(path)) bytes += await bytesIn(join(path, name))
  return bytes
}

async function entriesOf(folder: string) {
  return (await readdir(folder, { withFileTypes: true }).catch(orGone)) ?? []
}

/** A folder that is gone, or may not be read, holds nothing to remove. */
function orGone(error: unknown): undefined {
  if (!['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM'].includes(systemCode(error) ?? '')) throw error
}
