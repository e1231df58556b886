import { basename } from 'node:path'
import type { CheckpointKind } from '@bestmark/core'
import { z } from 'zod'
import type { ListedFile, CheckpointFiles } from './checkpointFiles.ts'
import { textOfStored } from './storedBytes.ts'
import { isWeightsAmong } from './weights/weights.ts'

/** The kind of a checkpoint, and the base model of an adapter. */
export interface FoundKind {
  kind: CheckpointKind | null
  base: string | null
  /** The task of an adapter; null for others. */
  task: string | null
}

const ADAPTER = /^adapter_model\.|^(pytorch_lora_weights)\./
/** Files per rank of DeepSpeed, torch.distributed, FSDP and Megatron. */
const SHARD = /\.distcp$|(^|\/)(bf16_)?zero_pp_rank_|_model_states\.pt$|(^|[/_])rank_?\d+/
const CONFIG = 'adapter_config.json'
const LONGEST_CONFIG = 1 << 20
const Config = z.object({
  base_model_name_or_path: z.string().nullish(),
  task_type: z.string().nullish().catch(null),
})

/** Finds a checkpoint's kind by the names of its files. Whole weights beside shards make it full. */
export async function kindOf({ isFile, files }: CheckpointFiles): Promise<FoundKind> {
  const names = new Set(files.map(({ name }) => basename(name)))
  const weights = files
    .map(({ name }) => name)
    .filter((name) => isFile || isWeightsAmong(name, names))
  const adapters = weights.filter((name) => ADAPTER.test(basename(name)))
  const shards = weights.filter((name) => SHARD.test(name))
  if (weights.length > adapters.length + shards.length) return { kind: 'full', ...NO_ADAPTER }
  if (adapters.length > 0) return { kind: 'adapter', ...(await adapterIn(files)) }
  return { kind: shards.length > 0 ? 'sharded' : null, ...NO_ADAPTER }
}

const NO_ADAPTER = { base: null, task: null }

async function adapterIn(files: readonly ListedFile[]): Promise<Omit<FoundKind, 'kind'>> {
  const config = files.find(({ name }) => basename(name) === CONFIG)
  if (!config || config.bytes > LONGEST_CONFIG || config.problem !== null) return NO_ADAPTER
  try {
    const text = await textOfStored(config.path, LONGEST_CONFIG)
    const { base_model_name_or_path: base, task_type: task } = Config.parse(JSON.parse(text))
    return { base: base ?? null, task: task ?? null }
  } catch {
    // Only two facts are read here, so an unreadable configuration means that they are unknown.
    return NO_ADAPTER
  }
}
