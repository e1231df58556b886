import { realpath } from 'node:fs/promises'
import { relative } from 'node:path'
import type { FoundRun } from '../../sources/runSearch.ts'
import { readRunNote } from '../../sources/runNote.ts'

/**
 * What a run is called that a watch of `path` found: by its own name where it tells one, else by its
 * path below the watched folder, since many runs of a sweep end in the same folder name.
 */
export async function nameBelow(path: string, run: FoundRun): Promise<string> {
  if (run.job_id !== null || (await readRunNote(run.root))) return run.name
  const watched = await realpath(path).catch(() => path)
  const below = relative(watched, run.root)
  const isBelow = below !== '' && !below.startsWith('..')
  // A run that Lightning only counts is called by the folder above as well.
  return isBelow && !run.name.endsWith(below) ? below : run.name
}
