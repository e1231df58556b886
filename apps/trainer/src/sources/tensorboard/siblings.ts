import { basename, dirname, join, relative } from 'node:path'
import { Listing } from '../../files/listing.ts'
import { findWeights } from '../weights/finder.ts'

/** Folders of weights, and folders of logs beside them. Both contain a folder per run. */
const WEIGHTS = /^(checkpoints?|ckpts?|weights|models?|saved_models)$/i
const LOGS = /^(logs?|runs|events|tensorboard(_logs?)?|tb(_logs?)?|tf_logs?)$/i
const HIGHEST = 3

/** Paths of log folders beside the weights: `tensorboard_log/NAME` for `checkpoints/NAME`. */
export async function findSiblingLogs(listing: Listing): Promise<string[]> {
  const { root } = listing
  for (let [folder, height] = [root, 0]; height < HIGHEST; height++) {
    if (WEIGHTS.test(basename(folder))) return findBelow(listing, folder)
    folder = dirname(folder)
  }
  return []
}

async function findBelow(listing: Listing, weights: string): Promise<string[]> {
  const { root } = listing
  const above = relative(root, dirname(weights))
  const found: string[] = []
  for (const name of await listing.names(above)) {
    if (!LOGS.test(name)) continue
    const folder = join(above, name, relative(weights, root))
    if ((await listing.names(folder)).some((one) => /tfevents\./.test(one))) found.push(folder)
  }
  return found
}

/** The folder of weights for a folder of event files: `checkpoints/NAME` for `logs/NAME`. */
export async function findSiblingWeights(root: string): Promise<string | undefined> {
  for (let [folder, height] = [root, 0]; height < HIGHEST; height++) {
    const above = dirname(folder)
    if (LOGS.test(basename(folder)) && folder !== root && (await findWeights(root)).length === 0) {
      const names = await new Listing(above).names()
      for (const name of names.filter((one) => WEIGHTS.test(one))) {
        const beside = join(above, name, relative(folder, root))
        if ((await findWeights(beside)).length > 0) return beside
      }
    }
    folder = above
  }
  return undefined
}
