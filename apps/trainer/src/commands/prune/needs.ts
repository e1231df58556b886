import { readdir, realpath } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { absolutePath } from '@bestmark/db'
import { systemCode } from '../../failure.ts'
import { isInside } from '../../checkpoints/checkpointFiles.ts'

/**
 * The files outside of a checkpoint's folder that it needs: the targets of links, as paths relative to
 * the run's root (links resolved). If the root itself is the checkpoint, the files in it. Ignores
 * targets outside of the root and broken links.
 */
export async function needsOf(root: string, path: string): Promise<string[]> {
  const absolute = absolutePath(root, path)
  const isRoot = relative(root, absolute) === ''
  const needs: string[] = []
  if (!isRoot) needs.push(...(await targetIn(root, absolute)))
  const entries = await entriesOf(absolute, !isRoot)
  for (const entry of entries) {
    const inside = join(entry.parentPath, entry.name)
    if (entry.isSymbolicLink()) needs.push(...(await targetIn(root, inside)))
    else if (isRoot && entry.isFile()) needs.push(entry.name)
  }
  return needs
}

/** The real path of a path, if it is another path below the root. */
async function targetIn(root: string, path: string): Promise<string[]> {
  try {
    const real = await realpath(path)
    const isElsewhere = real !== path && real !== root && isInside(root, real)
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

/** A file has no entries, and a broken link has no target. Other errors are thrown. */
function ofNothing(error: unknown): [] {
  if (['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG'].includes(systemCode(error) ?? '')) return []
  throw error
}
