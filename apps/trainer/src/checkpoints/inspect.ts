import { isUri, ownValue } from '@bestmark/core'
import { readdir, realpath } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { absolutePath } from '@bestmark/db/root'
import { isRecord } from './records.ts'
import { systemCode } from '../failure.ts'
import { isInside, listCheckpointFiles, realCheckpointPath } from './checkpointFiles.ts'
import {
  type Before,
  brokenBy,
  type InspectedFiles,
  inspectListing,
  MISSING,
  nothingIn,
  RECORD,
} from './inspection.ts'
import { inspectStored } from './inspectStored.ts'
import { statIfSeen } from '../files/runFile.ts'
import type { FilesProblem } from './weights/bytes.ts'

/** Codes about this one folder. Other codes, such as too many open files, say nothing about it. */
const OF_THE_FOLDER: Record<string, FilesProblem> = {
  EACCES: { fault: 'permission_denied', why: 'permission denied' },
  EPERM: { fault: 'permission_denied', why: 'permission denied' },
  ELOOP: { fault: 'link_loop', why: 'its links form a loop' },
  ENOTDIR: { fault: 'not_a_folder', why: 'a part of its path is a file' },
  ENAMETOOLONG: { fault: 'name_too_long', why: 'its name is too long' },
  ERR_INVALID_ARG_VALUE: { fault: 'name_invalid', why: 'its name is not a valid file name' },
}

/**
 * Checks a checkpoint, which is a folder or one file. Complete means: inside the run's root with
 * links resolved, no marker of an interrupted save, the state file that the program writes last (if
 * `stateFile` is given), every shard, and weights as long as their headers say. While a run trains
 * (`growing`), a checkpoint that is not known to be complete is `writing` as long as its files
 * change. Reads only headers. A checkpoint in an object store that cannot be read is `unchecked`. Throws if
 * the check itself fails.
 */
export async function inspectCheckpoint(
  root: string,
  path: string,
  stateFile: string | null,
  before: Before = {},
): Promise<InspectedFiles> {
  const address = absolutePath(root, path)
  if (isUri(address)) return inspectStored(address, before)
  try {
    const home = await realpath(root)
    const real = await realCheckpointPath(address)
    if (!isInside(home, real)) {
      const why = `its path leads outside the run's folder, to ${real}`
      return nothingIn(brokenBy({ fault: 'outside_root', why }))
    }
    if (isRecord(basename(real)) && statIfSeen(real)?.isFile()) return nothingIn(brokenBy(RECORD))
    const listing = await listCheckpointFiles(home, real)
    const lastFile = async (): Promise<string | null> => {
      return stateFile !== null && (await endsSaves(real, stateFile)) ? stateFile : null
    }
    return await inspectListing(listing, lastFile, before)
  } catch (error) {
    const code = systemCode(error) ?? ''
    if (code === 'ENOENT') return nothingIn(MISSING)
    const problem = ownValue(OF_THE_FOLDER, code)
    if (problem === undefined) throw error
    return nothingIn(brokenBy(problem))
  }
}

/**
 * Whether a state file marks the end of a save. It does not if the run's root has one but none of
 * its checkpoints does, because then the program writes its own kind of checkpoints.
 */
async function endsSaves(path: string, stateFile: string): Promise<boolean> {
  const parent = dirname(path)
  const has = (folder: string): boolean => statIfSeen(join(folder, stateFile)) !== undefined
  if (has(path) || !has(parent)) return true
  const beside = (await readdir(parent)).filter((name) => /^checkpoint-\d+$/.test(name))
  return beside.some((name) => has(join(parent, name)))
}
