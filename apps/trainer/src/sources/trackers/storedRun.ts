import { dirname, join } from 'node:path'
import { statIfSeen } from '../../files/runFile.ts'
import type { TrackedRun } from './trackedRun.ts'

/** A run in a store of many runs. */
export interface StoredRun extends TrackedRun {
  source: string
  name: string
  project: string
  /** Absolute path of the folder with its files, which may be missing. */
  root: string
  /** The run's id in the store. It does not change when the store is moved. */
  id: string
}

/** The run's present folder: as stored, else at the same relative path below the store. */
export function findRoot(path: string, named: string, below: string): string {
  if (statIfSeen(named)?.isDirectory()) return named
  const beside = join(dirname(path), below)
  return statIfSeen(beside)?.isDirectory() || named === '' ? beside : named
}
