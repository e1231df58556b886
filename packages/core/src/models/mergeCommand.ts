import { ownValue } from '../named.ts'
import type { ShardsOf } from '../run/servingFiles.ts'
import { shellWord } from '../shellWord.ts'

/** PEFT's class for each task of an adapter (`peft.auto`). */
const CLASSES = {
  CAUSAL_LM: 'AutoPeftModelForCausalLM',
  SEQ_2_SEQ_LM: 'AutoPeftModelForSeq2SeqLM',
  SEQ_CLS: 'AutoPeftModelForSequenceClassification',
  TOKEN_CLS: 'AutoPeftModelForTokenClassification',
  QUESTION_ANS: 'AutoPeftModelForQuestionAnswering',
  FEATURE_EXTRACTION: 'AutoPeftModelForFeatureExtraction',
}

/** A command that merges an adapter into its base; null if its task is unknown. */
export function mergeAdapter(absolute_path: string, task: string | null): string | null {
  const model = task === null ? undefined : ownValue(CLASSES, task)
  if (model === undefined) return null
  const program =
    `import sys; from peft import ${model} as Model; ` +
    'Model.from_pretrained(sys.argv[1]).merge_and_unload().save_pretrained(sys.argv[2])'
  return ['python', '-c', program, absolute_path, merged(absolute_path)].map(shellWord).join(' ')
}

/** A command that merges shards; null if it is unknown how. */
export function mergeShards(absolute_path: string, shards: ShardsOf | null): string | null {
  if (shards === null) return null
  const words =
    shards === 'zero'
      ? [`${absolute_path}/zero_to_fp32.py`, absolute_path, merged(absolute_path)]
      : [
          ...['-m', 'torch.distributed.checkpoint.format_utils', 'dcp_to_torch'],
          ...[absolute_path, `${merged(absolute_path)}.pt`],
        ]
  return ['python', ...words].map(shellWord).join(' ')
}

function merged(absolute_path: string): string {
  return `${absolute_path.replace(/[/\\]+$/, '')}-merged`
}
