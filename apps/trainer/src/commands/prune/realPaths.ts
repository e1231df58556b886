import { realpath } from 'node:fs/promises'
import { relative, sep } from 'node:path'
import type { Prunable } from '@bestmark/core'
import { absolutePath, pathBelow } from '@bestmark/db/root'
import { recordIn } from '../../checkpoints/records.ts'
import { systemCode } from '../../failure.ts'
import { isInside } from '../../checkpoints/inspect.ts'
import { needsOf } from './needs.ts'

/** No file system holds such a path, so nothing is there that could go or be needed. */
const NOWHERE = ['ENAMETOOLONG', 'ERR_INVALID_ARG_VALUE']

/**
 * Each checkpoint with the place where its files really lie below the run's root (links resolved),
 * by whatever way its path leads there. What lies outside of the root never goes; it is among them
 * only where somebody pinned or shipped it, for what it needs below the root.
 */
export async function withRealPaths(root: string, rows: readonly Prunable[]): Promise<Prunable[]> {
  const all: Prunable[] = []
  for (const row of rows) {
    const real = await realPlace(root, row.path)
    const isChosen = row.pinned || row.shipped
    if (real !== undefined && (isChosen || isInside(root, real)))
      all.push({ ...row, ...(await decisionFor(root, row, real)) })
  }
  return all
}

/** Where a path leads; what is gone lies where it is told, and undefined is nowhere. */
async function realPlace(root: string, path: string): Promise<string | undefined> {
  const place = absolutePath(root, path)
  try {
    return await realpath(place)
  } catch (error) {
    const code = systemCode(error)
    if (code === undefined) throw error
    return NOWHERE.includes(code) ? undefined : place
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
  // Its name is lost with the link, or with the folder that holds the link.
  return { resolved_path, kept_because, needs: [named, ...(await needsOf(root, named)), ...needs] }
}
