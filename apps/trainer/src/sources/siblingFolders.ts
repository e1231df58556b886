import { basename, dirname, join, relative } from 'node:path'
import { Listing } from '../files/listing.ts'
import { findWeights } from './weights/finder.ts'

/** Folders of weights, and folders of logs beside them. Both contain a folder per run. */
const WEIGHTS = /^(checkpoints?|ckpts?|weights|models?|saved_models)$/i
const LOGS = /^(logs?|results?|metrics|runs|events|tensorboard(_logs?)?|tb(_logs?)?|tf_logs?)$/i
const HIGHEST = 3

/**
 * Paths of folders beside the weights that hold a log: `tensorboard_log/NAME` for `checkpoints/NAME`.
 * A file of `isLog` shows that a folder does.
 */
export async function findSiblingLogs(
  listing: Listing,
  isLog: (name: string) => boolean,
): Promise<string[]> {
  const { root } = listing
  for (let [folder, height] = [root, 0]; height < HIGHEST; height++) {
    if (WEIGHTS.test(basename(folder))) return findBelow(listing, folder, isLog)
    folder = dirname(folder)
  }
  return []
}

async function findBelow(
  listing: Listing,
  weights: string,
  isLog: (name: string) => boolean,
): Promise<string[]> {
  const { root } = listing
  const above = relative(root, dirname(weights))
  const found: string[] = []
  for (const name of listing.names(above)) {
    if (!LOGS.test(name)) continue
    const folder = join(above, name, relative(weights, root))
    if (listing.names(folder).some(isLog)) found.push(folder)
  }
  return found
}

/** The folder of weights for a folder of event files: `checkpoints/NAME` for `logs/NAME`. */
export async function findSiblingWeights(root: string): Promise<string | undefined> {
  for (let [folder, height] = [root, 0]; height < HIGHEST; height++) {
    const above = dirname(folder)
    if (LOGS.test(basename(folder)) && folder !== root && (await findWeights(root)).length === 0) {
      const names = new Listing(above).names()
      for (const name of names.filter((one) => WEIGHTS.test(one))) {
        const beside = join(above, name, relative(folder, root))
        if ((await findWeights(beside)).length > 0) return beside
      }
    }
    folder = above
  }
  return undefined
}
