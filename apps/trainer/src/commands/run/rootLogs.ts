import { JOURNAL } from '@bestmark/core'
import { join } from 'node:path'
import { Listing } from '../../files/listing.ts'
import { statIfSeen } from '../../files/runFile.ts'
import { identifyRun, type RunIdentity } from '../../sources/identity.ts'
import { RUN_LOG } from '../../sources/reader/mixedReader.ts'
import { findSources } from '../../sources/sources.ts'

/** The files, relative to a folder, from which its run would be read; those may not be there. */
export async function logsOf(root: string): Promise<Set<string>> {
  const listing = new Listing(root)
  const files = new Set([JOURNAL])
  for (const source of await findSources(root)) {
    if (source.name !== RUN_LOG) for (const file of await source.files(listing)) files.add(file)
  }
  return files
}

/** When a file was last written (ms); 0 if it does not exist. */
export function timeOf(path: string): number {
  return statIfSeen(path)?.mtimeMs ?? 0
}

/** The existing logs of a root as absolute paths, without the files of `bestmark run`. */
export async function existingLogsOf(root: string): Promise<Set<string>> {
  const files = [...(await logsOf(root))].map((file) => join(root, file))
  return new Set(files.filter((file) => statIfSeen(file)))
}

/** The run in a folder; undefined if the folder or its journal cannot be read. */
export async function identityOf(folder: string): Promise<RunIdentity | undefined> {
  return identifyRun(folder).catch(() => undefined)
}
