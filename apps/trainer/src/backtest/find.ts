import type { Dirent } from 'node:fs'
import { readdir, realpath, stat } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { Failure, sentence } from '../failure.ts'
import { isJournal, JOURNAL } from '../journal.ts'

/** A place that holds a training run, and the path that it was found below. */
export interface Found {
  /** Absolute: a run's folder, or one state file. */
  path: string
  /** The folder that tells where the run belongs. */
  folder: string
  below: string
  name: string
}

const STATE = 'trainer_state.json'
const CHECKPOINT = /^checkpoint-\d+$/
/** Folders that hold no runs and much else. */
const PASSED_BY = new Set(['.git', 'node_modules'])

/**
 * Every run at or below a path, in order of name: a folder with our journal, a trainer's state or
 * `checkpoint-N` folders, or one state file. A folder that is reached again by a link is passed by.
 * Folders that cannot be read are told to `unreadable`. Throws a Failure where there is no such path.
 */
export async function* findRuns(
  path: string,
  unreadable: (folder: string, why: string) => void,
): AsyncGenerator<Found> {
  const at = await stat(path).catch((cause: unknown) => {
    throw new Failure(`${path} cannot be opened: ${sentence(cause)}`, { cause })
  })
  if (!at.isDirectory()) yield { path, folder: dirname(path), below: dirname(path), name: path }
  else yield* runsBelow(path, path, { seen: new Set(), unreadable })
}

interface Walk {
  /** Real paths of the folders that were looked at. */
  seen: Set<string>
  unreadable: (folder: string, why: string) => void
}

async function* runsBelow(folder: string, below: string, walk: Walk): AsyncGenerator<Found> {
  const entries = await entriesOf(folder, walk)
  const isRun = entries.some((entry) => tellsRun(folder, entry))
  const name = relative(below, folder) || below
  if (isRun) yield { path: folder, folder, below, name }
  for (const { name } of entries) {
    if (PASSED_BY.has(name) || (isRun && CHECKPOINT.test(name))) continue
    const inner = join(folder, name)
    if (await isFolder(inner)) yield* runsBelow(inner, below, walk)
  }
}

/** A folder's entries by name; none where it was looked at before, or cannot be read. */
async function entriesOf(folder: string, { seen, unreadable }: Walk): Promise<Dirent[]> {
  try {
    const real = await realpath(folder)
    if (seen.has(real)) return []
    seen.add(real)
    const entries = await readdir(folder, { withFileTypes: true })
    return entries
      .filter((entry) => !entry.isFile() || entry.name === STATE || entry.name === JOURNAL)
      .sort((a, b) => (a.name < b.name ? -1 : 1))
  } catch (error) {
    unreadable(folder, sentence(error))
    return []
  }
}

function tellsRun(folder: string, entry: Dirent): boolean {
  if (entry.name === JOURNAL) return isJournal(join(folder, JOURNAL))
  return entry.name === STATE || CHECKPOINT.test(entry.name)
}

/** Links count as what they lead to; one that leads nowhere is no folder. */
async function isFolder(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined)
  return found?.isDirectory() ?? false
}
