import { lstat, realpath, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { absolutePath } from '@bestmark/db'
import { Failure } from '../../failure.ts'
import { isInside } from '../../checkpoints/inspect.ts'

/** Begins the name of what is about to be removed; a removal that was cut short leaves it there. */
export const REMOVED = '.bestmark-removed-'

/**
 * Removes the files of a checkpoint below a run's root (links resolved). It is first given another
 * name, so that nobody finds half of it. Throws a Failure where the path is a link, leads through
 * one below the root, or does not lead below it; links within the folder are removed and not followed.
 */
export async function removeFiles(root: string, path: string): Promise<void> {
  const place = await placeOf(root, path)
  const real = await realpath(place)
  const isBelow = isInside(root, place) && place !== root
  if (!isBelow) throw new Failure(`${path} is not below ${root}, so it was not removed.`)
  if (real !== place || (await lstat(place)).isSymbolicLink()) {
    throw new Failure(`${place} is a link, or behind a link, to ${real}, so it was not removed.`)
  }
  const doomed = join(dirname(place), `${REMOVED}${basename(place)}`)
  await rm(doomed, { recursive: true, force: true })
  await rename(place, doomed)
  // Between the look and the new name a link may have come to stand there.
  if ((await lstat(doomed)).isSymbolicLink()) {
    await rename(doomed, place)
    throw new Failure(`${place} became a link, so it was not removed.`)
  }
  await rm(doomed, { recursive: true })
}

/** Where a path stands, also where it comes from outside, such as through a link to the root. */
async function placeOf(root: string, path: string): Promise<string> {
  const place = absolutePath(root, path)
  return isInside(root, place) ? place : join(await realpath(dirname(place)), basename(place))
}
