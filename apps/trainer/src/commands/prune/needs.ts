import { readdir, realpath } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { absolutePath } from '@bestmark/db'
import { systemCode } from '../../failure.ts'
import { isInside } from '../../checkpoints/inspect.ts'

/**
 * What a checkpoint needs that does not lie in its own folder: where it and the links in it lead, as
 * paths relative to the run's root (links resolved), and, where the run's folder is itself the
 * checkpoint, the files in it. Links that lead out of the root, or nowhere, are left out.
 */
export async function needsOf(root: string, path: string): Promise<string[]> {
  const place = absolutePath(root, path)
  const isRoot = relative(root, place) === ''
  const needs: string[] = []
  if (!isRoot) needs.push(...(await targetIn(root, place)))
  const entries = await entriesOf(place, !isRoot)
  for (const entry of entries) {
    const inside = join(entry.parentPath, entry.name)
    if (entry.isSymbolicLink()) needs.push(...(await targetIn(root, inside)))
    else if (isRoot && entry.isFile()) needs.push(entry.name)
  }
  return needs
}

/** Where a path really lies, if that is another place below the root. */
async function targetIn(root: string, place: string): Promise<string[]> {
  try {
    const real = await realpath(place)
    const isElsewhere = real !== place && real !== root && isInside(root, real)
    return isElsewhere ? [relative(root, real).split(sep).join('/')] : []
  } catch (error) {
    return ofNothing(error)
  }
}

async function entriesOf(folder: string, recursive: boolean) {
  try {
    return await readdir(folder, { withFileTypes: true, recursive })
  } catch (error) {
    return ofNothing(error)
  }
}

/** A file has no entries, and a link may lead nowhere; what cannot be looked at is no answer. */
function ofNothing(error: unknown): [] {
  if (['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG'].includes(systemCode(error) ?? '')) return []
  throw error
}
