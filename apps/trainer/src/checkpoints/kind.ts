import { basename } from 'node:path'
import type { CheckpointKind } from '@bestmark/core'
import { z } from 'zod'
import { textOfFile } from '../files/runFile.ts'
import type { ListedFile, CheckpointFiles } from './checkpointFiles.ts'
import { isWeightsAmong } from './weights/weights.ts'

/** The kind of a checkpoint, and the base model of an adapter. */
export interface FoundKind {
  kind: CheckpointKind | null
  base: string | null
}

const ADAPTER = /^adapter_model\.|^(pytorch_lora_weights)\./
/** Files per rank of DeepSpeed, torch.distributed, FSDP and Megatron. */
const SHARD = /\.distcp$|(^|\/)(bf16_)?zero_pp_rank_|_model_states\.pt$|(^|[/_])rank_?\d+/
const CONFIG = 'adapter_config.json'
const LONGEST_CONFIG = 1 << 20
const Config = z.object({ base_model_name_or_path: z.string().nullish() })

/** Finds a checkpoint's kind by the names of its files. Whole weights beside shards make it full. */
export async function kindOf({ isFile, files }: CheckpointFiles): Promise<FoundKind> {
  const names = new Set(files.map(({ name }) => basename(name)))
  const weights = files
    .map(({ name }) => name)
    .filter((name) => isFile || isWeightsAmong(name, names))
  const adapters = weights.filter((name) => ADAPTER.test(basename(name)))
  const shards = weights.filter((name) => SHARD.test(name))
  if (weights.length > adapters.length + shards.length) return { kind: 'full', base: null }
  if (adapters.length > 0) return { kind: 'adapter', base: await base(files) }
  return { kind: shards.length > 0 ? 'sharded' : null, base: null }
}

async function base(files: readonly ListedFile[]): Promise<string | null> {
  const config = files.find(({ name }) => basename(name) === CONFIG)
  if (!config || config.bytes > LONGEST_CONFIG || config.problem !== null) return null
  try {
    const text = await textOfFile(config.path, LONGEST_CONFIG)
    return Config.parse(JSON.parse(text)).base_model_name_or_path ?? null
  } catch {
    // Only the base model is read here, so an unreadable configuration means no base model.
    return null
  }
}
