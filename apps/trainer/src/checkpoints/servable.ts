import { readdir } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { isUri, missingFiles } from '@bestmark/core'
import { absolutePath } from '@bestmark/db/root'
import { systemCode } from '../failure.ts'
import { listCheckpointFiles } from './checkpointFiles.ts'
import { kindOf } from './kind.ts'

/** How many other checkpoints are compared. */
const MOST = 8

/**
 * Why a checkpoint with complete weights cannot be served: it is in shards, or does not have files
 * that all other checkpoints have. Undefined if there is no problem. `others` are paths of
 * checkpoints of the same run.
 */
export async function findServingProblem(
  root: string,
  path: string,
  others: readonly string[],
): Promise<string | undefined> {
  if (isUri(absolutePath(root, path))) return undefined
  const listing = await listCheckpointFiles(root, absolutePath(root, path)).catch(ignoreUnreadable)
  if (!listing) return undefined
  const { kind } = await kindOf(listing)
  if (kind === 'sharded') {
    if (listing.files.some(({ name }) => basename(name) === 'zero_to_fp32.py')) {
      return `The weights of ${path} are in shards of DeepSpeed ZeRO. Run ${path}/zero_to_fp32.py before you serve them.`
    }
    return `The weights of ${path} are in shards. Merge them before you serve them.`
  }
  const missing = await missingBeside(root, path, others)
  if (missing.length === 0) return undefined
  return `${path} has no ${missing.join(', ')}, but every other checkpoint of the run has. It cannot be loaded or served without ${missing.length === 1 ? 'this file' : 'these files'}.`
}

async function missingBeside(
  root: string,
  path: string,
  others: readonly string[],
): Promise<string[]> {
  const here = await namesIn(absolutePath(root, path))
  const isAlike = (other: string): boolean => other !== path && dirname(other) === dirname(path)
  const alike = [...new Set(others)].filter(isAlike).slice(0, MOST)
  const beside = await Promise.all(alike.map((other) => namesIn(absolutePath(root, other))))
  return here.length === 0 ? [] : missingFiles(here, beside)
}

async function namesIn(folder: string): Promise<string[]> {
  const names = (await readdir(folder).catch(ignoreUnreadable)) ?? []
  return names.map((name) => basename(name))
}

/** Ignores errors of the file system, because inspectCheckpoint reports unreadable files. */
function ignoreUnreadable(error: unknown): undefined {
  if (systemCode(error) === undefined) throw error
  return undefined
}
