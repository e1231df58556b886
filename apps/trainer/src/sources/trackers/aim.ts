import { basename, dirname, join } from 'node:path'
import { statIfSeen } from '../../files/runFile.ts'

/** The folder in which Aim keeps its runs. */
const FOLDER = '.aim'
const METADATA = 'run_metadata.sqlite'

/** What to do with a repository of Aim, as sentences; undefined for any other folder. */
export function aimText(path: string): string | undefined {
  const home = basename(path) === FOLDER ? dirname(path) : path
  if (!statIfSeen(join(home, FOLDER, METADATA))) return undefined
  return "It is a repository of Aim, whose values are in RocksDB, which Bestmark does not read. Export them with the script in docs/programs.md (Aim), then give a run's exported folder."
}
