import { boosterOf, mayBeBooster } from '../../checkpoints/weights/boosters.ts'
import { isFlaxState } from '../../checkpoints/weights/msgpack.ts'
import { isOldTorch } from '../../checkpoints/weights/pickle.ts'
import {
  isPickledModel,
  mayBePickledModel,
  MODEL_HEAD,
} from '../../checkpoints/weights/pickledModel.ts'
import { hasNoExtension } from '../../checkpoints/weights/torchName.ts'
import { isZip } from '../../checkpoints/weights/zip.ts'
import { zipEntries } from '../../checkpoints/weights/zipEntries.ts'
import { openHandle, readStart } from '../../files/runFile.ts'
import { isCounted, readNameHints } from './nameHints.ts'

/** The file in an archive of weights that only such an archive has. */
const MAIN_ENTRY = /^policy\.pth$|^[^/]+\/data\.pkl$/
/** ParlAI calls its weights `model` and `model.checkpoint`. */
const BARE = /^model(\.checkpoint)?$/
/** How much of a file shows its form (bytes). */
const HEAD = 64

/** Whether a file may be weights by its content, as its name does not say it. */
export function mayBeWeights(name: string): boolean {
  return mayBeArchive(name) || mayBePickledModel(name) || mayBeBooster(name)
}

function mayBeArchive(name: string): boolean {
  const isNumbered = name.endsWith('.zip') || hasNoExtension(name)
  return BARE.test(name) || (isNumbered && isCounted(readNameHints(name)))
}

/**
 * Whether a file holds weights: an archive of torch or Stable-Baselines3, a state of flax, a pickled
 * model, or boosted trees. Throws and rejects as `openHandle` does.
 */
export async function holdsWeights(path: string, name: string): Promise<boolean> {
  const isPickled = mayBePickledModel(name)
  const head = readStart(path, Buffer.alloc(isPickled ? MODEL_HEAD : HEAD))
  if (!isPickled && !mayBeArchive(name)) return boosterOf(head) !== undefined
  if (isZip(head)) {
    await using file = await openHandle(path)
    const entries = await zipEntries(file, (await file.stat()).size)
    return entries?.some((entry) => MAIN_ENTRY.test(entry.name)) ?? false
  }
  return isFlaxState(head) || isOldTorch(head) || (isPickled && isPickledModel(head))
}
