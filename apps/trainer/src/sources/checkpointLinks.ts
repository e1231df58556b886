import { lstat, readlink, realpath, rm, stat, symlink } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { Failure, errorText, systemCode } from '../failure.ts'
import { Listing } from '../files/listing.ts'
import { LINKED_LOGS } from './logs/logFile.ts'
import { findSources } from './sources.ts'

/** A link in the folder of the logs to the folder of the checkpoints. */
const LINKED_CHECKPOINTS = 'bestmark-checkpoints'

/** Logs and checkpoints that a user joined. */
interface Linked {
  /** The folder of the checkpoints, which is the run's root. */
  root: string
  /** Removes the links that this call created. */
  undo: () => Promise<void>
}

/**
 * Joins checkpoints to logs in another folder. Each folder gets a link to the other, so a later read
 * of either finds both. Throws a Failure if the checkpoints are linked to other logs already, or if
 * there is no log.
 */
export async function linkCheckpoints(logs: string, checkpoints: string): Promise<Linked> {
  const from = await resolveFolder(logs)
  const root = await resolveFolder(checkpoints)
  if (from === root) return { root, undo: () => Promise.resolve() }
  const created: string[] = []
  const undo = async (): Promise<void> => {
    for (const path of created) await rm(path, { force: true })
  }
  try {
    if (await link(root, LINKED_LOGS, from)) created.push(join(root, LINKED_LOGS))
    const isRead = (await findSources(root)).length > 0
    if (!isRead)
      throw new Failure(`No training log found in ${logs} for the checkpoints in ${checkpoints}.`)
    if (await link(from, LINKED_CHECKPOINTS, root)) created.push(join(from, LINKED_CHECKPOINTS))
  } catch (error) {
    await undo()
    throw error
  }
  return { root, undo }
}

/** Throws a Failure if --checkpoints is given for several runs. */
export function requireOnePath(paths: readonly string[], checkpoints: string | undefined): void {
  if (checkpoints === undefined || paths.length < 2) return
  throw new Failure(`--checkpoints needs exactly one PATH; got ${paths.length}.`)
}

/** The folder of the checkpoints that are linked to a folder of logs; undefined if there is none. */
export async function findLinkedCheckpoints(logs: string): Promise<string | undefined> {
  if (!new Listing(logs).names().includes(LINKED_CHECKPOINTS)) return undefined
  try {
    const root = await realpath(join(logs, LINKED_CHECKPOINTS))
    const isMutual = (await realpath(join(root, LINKED_LOGS))) === (await realpath(logs))
    return isMutual ? root : undefined
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    return undefined
  }
}

/** The folder of logs that is linked to a folder of checkpoints; undefined if there is none. */
export async function findLinkedLogs(checkpoints: string): Promise<string | undefined> {
  if (!new Listing(checkpoints).names().includes(LINKED_LOGS)) return undefined
  return realpath(join(checkpoints, LINKED_LOGS)).catch(() => undefined)
}

async function resolveFolder(path: string): Promise<string> {
  try {
    const real = await realpath(path)
    return (await stat(real)).isDirectory() ? real : dirname(real)
  } catch (cause) {
    throw new Failure(`Cannot open ${path}: ${errorText(cause)}`, { cause })
  }
}

/** Whether a link was created. An existing link to the same folder stays. */
async function link(folder: string, name: string, to: string): Promise<boolean> {
  const path = join(folder, name)
  if (await lstat(path).catch(() => undefined)) {
    const target = await realpath(path).catch(() => readlink(path))
    if (target === to) return false
    throw new Failure(`${folder} is already linked to ${target}. Remove ${path} to undo that.`)
  }
  try {
    await symlink(relative(folder, to), path)
    return true
  } catch (cause) {
    throw new Failure(`Cannot create the link ${path}: ${errorText(cause)}`, { cause })
  }
}
