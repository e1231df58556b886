import { isConfiguration, isVocabulary, type ServingFiles, type ShardsOf } from '@bestmark/core'
import type { CheckpointFiles } from '../checkpointFiles.ts'
import type { FoundKind } from '../kind.ts'
import { leftOutOf } from './leftOut.ts'

/** Weights as `save_pretrained` names them. */
const OF_TRANSFORMERS = /^(model|pytorch_model)(-\d{5}-of-\d{5})?\.(safetensors|bin)$/

/** What serving needs of a complete checkpoint. */
export function servingFilesOf(
  { isFile, files }: CheckpointFiles,
  { kind, task }: FoundKind,
  trainingOnly: ReadonlySet<string>,
): ServingFiles {
  const hasWholeWeights = kind === 'full' || kind === 'adapter'
  const leftOut = leftOutOf(files, { isFile, hasWholeWeights, trainingOnly })
  const names = isFile ? [] : files.map(({ name }) => name)
  return {
    bytes: totalOf(files) - totalOf(leftOut),
    has: names.filter((name) => isConfiguration(name) || isVocabulary(name)),
    is_named_for_transformers: names.some((name) => OF_TRANSFORMERS.test(name)),
    task,
    shards: kind === 'sharded' ? shardsOf(new Set(names)) : null,
  }
}

function shardsOf(names: ReadonlySet<string>): ShardsOf | null {
  if (names.has('zero_to_fp32.py')) return 'zero'
  return names.has('.metadata') ? 'distributed' : null
}

/** The size of some files (bytes). */
export function totalOf(files: readonly { bytes: number }[]): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0)
}
