import { dirname, join } from 'node:path'
import { shellWord } from '@bestmark/core'
import type { Listing } from '../../files/listing.ts'
import { statIfSeen } from '../../files/runFile.ts'
import { listWeights } from '../weights/finder.ts'
import { findWandbBeside, findWandbFolders } from './wandbFolder.ts'

/** At most this many runs are named. */
const NAMED = 3

/** What is missing of the runs of W&B beside weights, as sentences; undefined if there are none. */
export async function wandbText(listing: Listing): Promise<string | undefined> {
  const runs = await findWandbFolders(listing)
  const [weights] = await listWeights(listing)
  if (runs.length === 0 || !weights) return undefined
  const one = await findWandbBeside(listing)
  const logs = runs.flatMap(({ file, folder, output }) => {
    if (file !== undefined) return [folder]
    return statIfSeen(join(listing.root, output)) ? [dirname(output)] : []
  })
  if (one || logs.length === 0) {
    const { id, folder } = one ?? runs[0] ?? { id: '', folder: '' }
    return (
      `${folder} has no history: its file run-${id}.wandb is missing, and a summary has only the last values. ` +
      `Copy this file from the machine that trained, or save the history as a table: ` +
      `python -c 'import wandb; wandb.Api().run("ENTITY/PROJECT/${id}").history().to_csv("history.csv")'`
    )
  }
  const names = logs.slice(0, NAMED)
  const more = logs.length > NAMED ? ` and ${logs.length - NAMED} more` : ''
  const run = join(listing.root, names[0] ?? '')
  const beside = dirname(join(listing.root, weights.path))
  return (
    `The times of the weights do not show which run of W&B saved them (${names.join(', ')}${more}). ` +
    `Give it and the weights to pick, import or watch: ${shellWord(run)} --checkpoints ${shellWord(beside)}`
  )
}
