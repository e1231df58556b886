import { lstat, readlink, realpath, rm, stat, symlink } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { Failure, errorText, systemCode } from '../failure.ts'
import { Listing } from '../files/listing.ts'
import { LINKED_LOGS } from './logs/logFile.ts'
import { findSources } from './sources.ts'

/** In the folder of the logs: leads to the folder of the weights. */
const LINKED_CHECKPOINTS = 'bestmark-checkpoints'

/** Logs and weights that a person put together. */
interface Linked {
  /** The folder of the weights, which is the root of the run. */
  root: string
  /** Takes the links away again, those alone that were made just now. */
  undo: () => Promise<void>
}

/**
 * Makes weights, in a folder or a file of one, belong to the run whose logs lie elsewhere. Each of the
 * two folders gets a link to the other, so that whoever reads either of them later knows. Throws a
 * Failure where the weights belong to other logs already, or no log can be read with them.
 */
export async function linkCheckpoints(logs: string, checkpoints: string): Promise<Linked> {
  const from = await resolveFolder(logs)
  const root = await resolveFolder(checkpoints)
  if (from === root) return { root, undo: () => Promise.resolve() }
  const made: string[] = []
  const undo = async (): Promise<void> => {
    for (const path of made) await rm(path, { force: true })
  }
  try {
    if (await link(root, LINKED_LOGS, from)) made.push(join(root, LINKED_LOGS))
    const isRead = (await findSources(root)).length > 0
    if (!isRead)
      throw new Failure(`No training log found in ${logs} for the checkpoints in ${checkpoints}.`)
    if (await link(from, LINKED_CHECKPOINTS, root)) made.push(join(from, LINKED_CHECKPOINTS))
  } catch (error) {
    await undo()
    throw error
  }
  return { root, undo }
}

/** Throws a Failure where weights are named for several runs. */
export function refuseSeveral(paths: readonly string[], checkpoints: string | undefined): void {
  if (checkpoints === undefined || paths.length < 2) return
  throw new Failure(`--checkpoints needs exactly one PATH; got ${paths.length}.`)
}

/** The folder of the weights that a person put to the logs in a folder; undefined where nobody did. */
export async function findLinkedCheckpoints(logs: string): Promise<string | undefined> {
  if (!(await new Listing(logs).names()).includes(LINKED_CHECKPOINTS)) return undefined
  try {
    const root = await realpath(join(logs, LINKED_CHECKPOINTS))
    const isMutual = (await realpath(join(root, LINKED_LOGS))) === (await realpath(logs))
    return isMutual ? root : undefined
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    return undefined
  }
}

async function resolveFolder(path: string): Promise<string> {
  try {
    const real = await realpath(path)
    return (await stat(real)).isDirectory() ? real : dirname(real)
  } catch (cause) {
    throw new Failure(`Cannot open ${path}: ${errorText(cause)}`, { cause })
  }
}

/** Whether a link was made; one that is there and leads to the same folder stays. */
async function link(folder: string, name: string, to: string): Promise<boolean> {
  const path = join(folder, name)
  if (await lstat(path).catch(() => undefined)) {
    const there = await realpath(path).catch(() => readlink(path))
    if (there === to) return false
    throw new Failure(`${folder} is already linked to ${there}. Remove ${path} to undo that.`)
  }
  try {
    await symlink(relative(folder, to), path)
    return true
  } catch (cause) {
    throw new Failure(`Cannot create the link ${path}: ${errorText(cause)}`, { cause })
  }
}
