import { realpath } from 'node:fs/promises'
import { relative } from 'node:path'
import type { FoundRun } from '../../sources/runSearch.ts'
import { readRunNote } from '../../sources/runNote.ts'

/**
 * The name of a run that was found below `path`: the name that it declares, else its path below
 * `path`, since many runs of a sweep end in the same folder name.
 */
export async function nameBelow(path: string, run: FoundRun): Promise<string> {
  if (run.job_id !== null || (await readRunNote(run.root))) return run.name
  const watched = await realpath(path).catch(() => path)
  const below = relative(watched, run.root)
  const isBelow = below !== '' && !below.startsWith('..')
  // The name of a Lightning run, such as version_0, includes the folder above.
  return isBelow && !run.name.endsWith(below) ? below : run.name
}
