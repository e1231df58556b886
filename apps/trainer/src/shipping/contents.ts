import { basename } from 'node:path'
import type { ShippedContents } from '@bestmark/db'
import type { ListedFile } from '../checkpoints/checkpointFiles.ts'
import { kindOf } from '../checkpoints/kind.ts'
import { type LeftOut, leftOutOf } from '../checkpoints/serving/leftOut.ts'
import type { SourceFile } from '../checkpoints/sourceFiles.ts'
import { checkWeights, isWeightsAmong, trainingStateIn } from '../checkpoints/weights/weights.ts'

/** What is shipped of a checkpoint, and what is not. */
export interface ShippedFiles {
  files: SourceFile[]
  left_out: LeftOut[]
  /** Shipped files that also hold the state of a training, with the keys of that state. */
  with_training_state: { name: string; keys: string[] }[]
}

/** Divides the files of a checkpoint by what serving needs. Reads the headers of its weights. */
export async function shippedFiles(
  all: readonly SourceFile[],
  contents: ShippedContents,
): Promise<ShippedFiles> {
  if (contents === 'whole') return { files: [...all], left_out: [], with_training_state: [] }
  const isFile = all.some((file) => file.isWhole)
  const listed = all.map(({ from, ...file }): ListedFile => ({
    ...file,
    path: from,
    problem: null,
  }))
  const { kind } = await kindOf({ isFile, files: listed })
  const names = new Set(all.map(({ name }) => basename(name)))
  const weights = listed.filter(({ name }) => isFile || isWeightsAmong(name, names))
  const trainingOnly = new Set<string>()
  for (const { path, name, bytes } of weights) {
    const { problem } = await checkWeights(path, bytes)
    if (problem?.fault === 'only_optimizer') trainingOnly.add(name)
  }
  const hasWholeWeights = kind === 'full' || kind === 'adapter'
  const left_out = leftOutOf(all, { isFile, hasWholeWeights, trainingOnly })
  const left = new Set(left_out.map(({ name }) => name))
  const with_training_state = await withTrainingState(weights.filter(({ name }) => !left.has(name)))
  return { files: all.filter(({ name }) => !left.has(name)), left_out, with_training_state }
}

async function withTrainingState(
  weights: readonly ListedFile[],
): Promise<ShippedFiles['with_training_state']> {
  const found: ShippedFiles['with_training_state'] = []
  for (const { path, name, bytes } of weights) {
    const keys = await trainingStateIn(path, bytes)
    if (keys.length > 0) found.push({ name, keys })
  }
  return found
}
