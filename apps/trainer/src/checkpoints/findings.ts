import type { FilesFault } from '@bestmark/core'
import { basename, dirname } from 'node:path'
import type { CheckpointFiles } from './checkpointFiles.ts'
import { missingShard } from './shards.ts'
import type { FilesProblem } from './weights/bytes.ts'
import { isWeightsAmong, checkWeights } from './weights/weights.ts'

const ZERO_RANK = /zero_pp_rank_\d+_mp_rank_\d+(?=_model_states\.pt$)/
const MARKERS = /^checkpoint-is-incomplete\.txt$|\.incomplete$/

/** What is wrong with listed files, if anything. */
export interface Findings {
  problem: FilesProblem | null
  /** Whether the end of the save is certain. */
  ends: boolean
  /** Files among the weights that hold only the state of a training. */
  trainingOnly: ReadonlySet<string>
}

/** Checks the names of a checkpoint's files and the headers of its weights. */
export async function checkFiles(
  { isFile, files }: CheckpointFiles,
  stateFile: string | null,
): Promise<Findings> {
  const isMarked = !isFile && stateFile !== null
  const findings = (fault: FilesFault, why: string): Findings => {
    return { problem: { fault, why }, ends: isMarked, trainingOnly: new Set() }
  }
  const foreign = files.find(({ problem }) => problem !== null)
  if (foreign?.problem) {
    return findings(foreign.problem.fault, `${foreign.name} ${foreign.problem.why}`)
  }
  const names = new Set(files.map(({ name }) => basename(name)))
  if ([...names].some((name) => MARKERS.test(name))) {
    return findings('save_unfinished', 'its save was cut short')
  }
  if (isMarked && !names.has(stateFile)) {
    return findings('save_unfinished', `${stateFile} is missing: its save was cut short`)
  }
  const shard = await missingShard(files)
  if (shard !== null) return findings(shard.fault, shard.why)
  const weights = files.filter(({ name }) => isFile || isWeightsAmong(name, names))
  if (weights.length === 0) return findings('no_weights', 'it holds no weights')
  let ends = isFile
  const trainingOnly = new Set<string>()
  for (const { path, name, bytes } of weights) {
    const seen = await checkWeights(path, bytes)
    const fault = seen.problem?.fault
    const isEmpty = fault === 'empty_tensors' || fault === 'no_tensors'
    if (isEmpty && isPartitioned(name, files)) continue
    if (fault === 'no_tensors' && isBesidePieces(name, files)) continue
    if (fault === 'only_optimizer' && trainingOnly.size < weights.length - 1) trainingOnly.add(name)
    else if (seen.problem)
      return findings(seen.problem.fault, `${basename(name)} ${seen.problem.why}`)
    ends &&= seen.ends
  }
  return { problem: null, ends: ends || isMarked, trainingOnly }
}

/**
 * Whether empty tensors of a file are normal: each process of DeepSpeed ZeRO-3 keeps its part of the
 * weights in the file of its optimiser states.
 */
function isPartitioned(name: string, files: CheckpointFiles['files']): boolean {
  const rank = ZERO_RANK.exec(name)?.[0]
  if (rank === undefined) return false
  const states = `${rank}_optim_states.pt`
  return files.some((one) => dirname(one.name) === dirname(name) && one.name.endsWith(states))
}

/** Whether a file without tensors is beside the pieces of a distributed checkpoint: Megatron's `common.pt`. */
function isBesidePieces(name: string, files: CheckpointFiles['files']): boolean {
  return files.some((one) => one.name.endsWith('.distcp') && dirname(one.name) === dirname(name))
}
