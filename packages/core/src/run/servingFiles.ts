import { z } from 'zod'

/** Shards that a program beside them, or a command of torch, merges: of DeepSpeed ZeRO, or a DCP save. */
export const ShardsOf = z.enum(['zero', 'distributed'])
export type ShardsOf = z.infer<typeof ShardsOf>

/** What a program that serves a model would read of a checkpoint. */
export const ServingFiles = z.object({
  /** The size of its files without those that only training needs (bytes). */
  bytes: z.number(),
  /** The names of its files of configuration and vocabulary, not of those in folders below. */
  has: z.array(z.string()),
  /** Whether its weights are named as the Hugging Face libraries name them. */
  is_named_for_transformers: z.boolean(),
  /** The task of an adapter, as its configuration names it, such as `CAUSAL_LM`. */
  task: z.string().nullable(),
  /** The kind of its shards; null if it has none, or if it is unknown how they are merged. */
  shards: ShardsOf.nullable(),
})
export type ServingFiles = z.infer<typeof ServingFiles>

const CONFIGURATION =
  /^(config|adapter_config|generation_config|(pre|video_pre)?processor_config|image_processor_config|model_index)\.json$/
const VOCABULARY =
  /^((special_tokens_map|added_tokens|tokenizer|tokenizer_config|vocab|chat_template)\.json|chat_template\.jinja|merges\.txt|vocab\.txt|(tokenizer|spiece|sentencepiece\.bpe|spm)\.model|.*\.tiktoken)$/

/** Whether a file of this name configures a model for serving. */
export function isConfiguration(name: string): boolean {
  return CONFIGURATION.test(name)
}

/** Whether a file of this name belongs to the tokenizer of a model. */
export function isVocabulary(name: string): boolean {
  return VOCABULARY.test(name)
}
