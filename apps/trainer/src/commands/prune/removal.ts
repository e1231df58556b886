import { lstat, realpath, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { isUri } from '@bestmark/core'
import { absolutePath } from '@bestmark/db'
import { Failure } from '../../failure.ts'
import { isInside } from '../../checkpoints/checkpointFiles.ts'

/** The prefix of a folder that is being removed. An interrupted removal leaves it. */
export const REMOVED = '.bestmark-removed-'

/**
 * Removes the files of a checkpoint below a run's root (links resolved). It renames them first, so
 * that no reader finds half a checkpoint. Throws a Failure if the path is a link, contains a link
 * below the root, or is not below it. Links in the folder are removed, not followed.
 */
export async function removeFiles(root: string, path: string): Promise<void> {
  const absolute = await pathInRoot(root, path)
  const real = await realpath(absolute)
  const isBelow = isInside(root, absolute) && absolute !== root
  if (!isBelow) throw new Failure(`${path} is not below ${root}, so it was not removed.`)
  if (real !== absolute || (await lstat(absolute)).isSymbolicLink()) {
    throw new Failure(`${absolute} is a link, or behind a link, to ${real}, so it was not removed.`)
  }
  const renamed = join(dirname(absolute), `${REMOVED}${basename(absolute)}`)
  await rm(renamed, { recursive: true, force: true })
  await rename(absolute, renamed)
  // Another process may have put a link there before the rename.
  if ((await lstat(renamed)).isSymbolicLink()) {
    await rename(renamed, absolute)
    throw new Failure(`${absolute} became a link, so it was not removed.`)
  }
  await rm(renamed, { recursive: true })
}

/** The absolute path of a checkpoint. A path through a link to the root becomes a path in the root. */
async function pathInRoot(root: string, path: string): Promise<string> {
  const absolute = absolutePath(root, path)
  if (isUri(absolute)) throw new Failure(`${path} is in an object store, so it was not removed.`)
  if (isInside(root, absolute)) return absolute
  return join(await realpath(dirname(absolute)), basename(absolute))
}
