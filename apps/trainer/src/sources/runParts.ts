import { stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { Listing } from '../files/listing.ts'
import { hasFurtherParts } from './sharedFolders.ts'
import { findSources } from './sources.ts'
import { WEIGHTS_ONLY } from './unlogged/unlogged.ts'
import { findWeights } from './weights/finder.ts'
import { isPartName } from './partNames.ts'

/** Logs of one training end at about the same time (ms). */
const TOGETHER = 600_000

/**
 * Whether a folder below a run's root is only a part of that run, such as its `tensorboard` or
 * `logs`: its name names no run, and it holds one log and no weights, or weights and no log.
 */
export async function isPartOfRun(root: string, inner: string): Promise<boolean> {
  const names = relative(root, inner).split('/')
  if (!names.every(isPartName)) return false
  const logs = await logsOf(inner)
  // The log is beside the weights, or there is none, so the run above has both.
  if (logs.every((file) => file.startsWith('../'))) return true
  if ((await findWeights(inner)).length > 0 || (await hasFurtherParts(inner))) return false
  return (await findWeights(root)).length > 0 || (await endTogether(root, inner))
}

async function logsOf(root: string): Promise<string[]> {
  const listing = new Listing(root)
  const files: string[] = []
  for (const source of await findSources(root))
    if (source !== WEIGHTS_ONLY) files.push(...(await source.files(listing)))
  return files
}

async function endTogether(root: string, inner: string): Promise<boolean> {
  const [one, other] = [await lastWrite(root), await lastWrite(inner)]
  return Math.abs(one - other) < TOGETHER
}

/** When a run's logs were last written (ms). */
async function lastWrite(root: string): Promise<number> {
  let last = 0
  for (const file of await logsOf(root)) {
    const seen = await stat(join(root, file)).catch(() => undefined)
    last = Math.max(last, seen?.mtimeMs ?? 0)
  }
  return last
}
