import { dirname, join } from 'node:path'
import { statIfSeen } from '../../files/runFile.ts'
import type { TrackedRun } from './trackedRun.ts'

/** A run in a store that holds the runs of a team. */
export interface StoredRun extends TrackedRun {
  source: string
  name: string
  project: string
  /** Absolute path of the folder that holds its files; it need not be there. */
  root: string
  /** What the store itself calls it, the same wherever the store lies. */
  id: string
}

/** Where a run's folder lies now: as the store names it, else at the same place below the store. */
export function findRoot(path: string, named: string, below: string): string {
  if (statIfSeen(named)?.isDirectory()) return named
  const beside = join(dirname(path), below)
  return statIfSeen(beside)?.isDirectory() || named === '' ? beside : named
}
