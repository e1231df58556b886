import { basename, dirname, join, relative } from 'node:path'
import type { Listing } from '../../files/folder.ts'

/** Folders of weights, and folders of logs beside them that hold the same name. */
const WEIGHTS = /^(checkpoints?|ckpts?|weights|models?|saved_models)$/i
const LOGS = /^(logs?|runs|events|tensorboard(_logs?)?|tb(_logs?)?|tf_logs?)$/i
const HIGHEST = 3

/** `tensorboard_log/NAME` beside `checkpoints/NAME`, as paths relative to the root. */
export async function siblingLogs(listing: Listing): Promise<string[]> {
  const { root } = listing
  for (let [folder, height] = [root, 0]; height < HIGHEST; height++) {
    if (WEIGHTS.test(basename(folder))) return below(listing, folder)
    folder = dirname(folder)
  }
  return []
}

async function below(listing: Listing, weights: string): Promise<string[]> {
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
