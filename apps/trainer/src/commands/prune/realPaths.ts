import { realpath } from 'node:fs/promises'
import { relative, sep } from 'node:path'
import { isUri, type Prunable } from '@bestmark/core'
import { absolutePath, pathBelow } from '@bestmark/db/root'
import { recordIn } from '../../checkpoints/records.ts'
import { systemCode } from '../../failure.ts'
import { isInside } from '../../checkpoints/checkpointFiles.ts'
import { needsOf } from './needs.ts'

const IN_A_STORE = 'it is in an object store, where Bestmark removes nothing'
/** Errors of paths that cannot exist on any file system. */
const IMPOSSIBLE = ['ENAMETOOLONG', 'ERR_INVALID_ARG_VALUE']

/**
 * Adds to each checkpoint the real path of its files below the run's root (links resolved). Skips
 * checkpoints outside of the root, except pinned or shipped ones: they may need files in the root. Those in
 * an object store are kept: nothing is removed there.
 */
export async function withRealPaths(root: string, rows: readonly Prunable[]): Promise<Prunable[]> {
  const all: Prunable[] = []
  for (const row of rows) {
    if (isUri(absolutePath(root, row.path))) {
      all.push({ ...row, kept_because: IN_A_STORE })
      continue
    }
    const real = await realPathOf(root, row.path)
    const isChosen = row.pinned || row.shipped
    if (real !== undefined && (isChosen || isInside(root, real)))
      all.push({ ...row, ...(await decisionFor(root, row, real)) })
  }
  return all
}

/** The real path; the path itself if its files are missing; undefined if it cannot exist. */
async function realPathOf(root: string, path: string): Promise<string | undefined> {
  const absolute = absolutePath(root, path)
  try {
    return await realpath(absolute)
  } catch (error) {
    const code = systemCode(error)
    if (code === undefined) throw error
    return IMPOSSIBLE.includes(code) ? undefined : absolute
  }
}

type Decision = Pick<Prunable, 'resolved_path' | 'kept_because' | 'needs'>

async function decisionFor(root: string, row: Prunable, real: string): Promise<Decision> {
  const { path } = row
  const resolved_path = relative(root, real).split(sep).join('/')
  const named = pathBelow(root, path)
  if (!isInside(root, real)) {
    const needs = await needsOf(root, path)
    return { resolved_path, kept_because: "it is outside the run's folder", needs }
  }
  const asNamed = named === undefined ? undefined : await recordIn(root, named)
  const kept_because = asNamed ?? (await recordIn(root, resolved_path))
  const needs = await needsOf(root, resolved_path)
  if (named === undefined || named === resolved_path) return { resolved_path, kept_because, needs }
  // The path stops working if the link, or the folder of the link, is removed.
  return { resolved_path, kept_because, needs: [named, ...(await needsOf(root, named)), ...needs] }
}
