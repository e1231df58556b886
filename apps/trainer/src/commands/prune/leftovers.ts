import { lstat, readdir, realpath, rm } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { Failure, systemCode } from '../../failure.ts'
import { isInside } from '../../checkpoints/checkpointFiles.ts'
import { REMOVED } from './removal.ts'

/** Files of a checkpoint that an interrupted prune did not remove. */
export interface Leftover {
  /** Relative to the run's root. */
  path: string
  bytes: number
}

/** Finds leftovers of interrupted prunes below a run's root (links resolved). Follows no links. */
export async function findLeftovers(root: string): Promise<Leftover[]> {
  const left: Leftover[] = []
  for await (const folder of foldersIn(root)) {
    left.push({ path: relative(root, folder), bytes: await bytesIn(folder) })
  }
  return left.sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** Removes a leftover. Throws a Failure if its path now contains a link. */
export async function removeLeftover(root: string, { path }: Leftover): Promise<void> {
  const absolute = join(root, path)
  const above = dirname(absolute)
  if (!isInside(root, absolute) || (await realpath(above)) !== above) {
    throw new Failure(`${absolute} is behind a link, so it was not removed.`)
  }
  await rm(absolute, { recursive: true, force: true })
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

/** A missing or unreadable folder has nothing to remove. */
function orGone(error: unknown): undefined {
  if (!['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM'].includes(systemCode(error) ?? '')) throw error
}
