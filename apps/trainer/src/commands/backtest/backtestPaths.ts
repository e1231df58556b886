import { stat } from 'node:fs/promises'
import { dirname, relative } from 'node:path'
import { Failure, errorText } from '../../failure.ts'
import { searchRuns } from '../../sources/runSearch.ts'

/** A training run, and the path that it was found below. */
export interface BacktestPath {
  /** Absolute: a run's folder, or one state file. */
  path: string
  /** The folder of the run; its path gives the group. */
  folder: string
  below: string
  name: string
}

/**
 * Every run at or below a path, sorted by name, or one state file. Reports folders that cannot be
 * read to `unreadable`. Throws a Failure if the path does not exist.
 */
export async function* findRuns(
  path: string,
  unreadable: (folder: string, why: string) => void,
): AsyncGenerator<BacktestPath> {
  const at = await stat(path).catch((cause: unknown) => {
    throw new Failure(`Cannot open ${path}: ${errorText(cause)}`, { cause })
  })
  if (!at.isDirectory()) {
    yield { path, folder: dirname(path), below: dirname(path), name: path }
    return
  }
  const walk = { signal: new AbortController().signal, onUnreadable: unreadable }
  for await (const { folder } of searchRuns(path, walk)) {
    yield { path: folder, folder, below: path, name: relative(path, folder) || path }
  }
}
