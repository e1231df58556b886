import { DVCLIVE } from './tables/dvclive.ts'
import { HUGGINGFACE } from './huggingface/huggingfaceSource.ts'
import { KERAS } from './tables/keras.ts'
import { LIGHTNING } from './tables/lightning.ts'
import { DOCUMENTS } from './logs/documents.ts'
import { Listing } from '../files/listing.ts'
import { LOGS } from './logs/logs.ts'
import { LLAMA_FACTORY } from './huggingface/llamaFactory.ts'
import { findLogFiles } from './logs/logFile.ts'
import { MLFLOW } from './mlflow/mlflow.ts'
import { mixedReader } from './reader/mixedReader.ts'
import { RESULTS } from './huggingface/results.ts'
import { PRINTED } from './output/printedLog.ts'
import { RUN_JOURNAL } from './journal/runJournal.ts'
import { STABLE_BASELINES } from './stableBaselines/evaluations.ts'
import type { ReadOptions, Source, SourceReader } from './reader/source.ts'
import { SetupReader } from './setup/setupReader.ts'
import { TENSORBOARD } from './tensorboard/tensorboard.ts'
import { RUN_OUTPUT, TEXT_LOG } from './output/textLog.ts'
import { WANDB } from './trackers/wandb.ts'
import { WEIGHTS_ONLY } from './unlogged/unlogged.ts'
import { ULTRALYTICS } from './tables/ultralytics.ts'

/** Every source that reads a folder by pieces, the one that knows most of a run first. */
const SOURCES: readonly Source[] = [
  HUGGINGFACE,
  MLFLOW,
  WANDB,
  LIGHTNING,
  ULTRALYTICS,
  KERAS,
  LLAMA_FACTORY,
  DVCLIVE,
  STABLE_BASELINES,
  TENSORBOARD,
  TEXT_LOG,
  RUN_OUTPUT,
]

/** By what a person knows each of them, and our own journal, on disk. */
export const SUPPORTED_FILES = [
  'journal.jsonl (Bestmark)',
  'trainer_state.json, checkpoint-N folders or all_results.json (HuggingFace)',
  'metrics.csv (Lightning)',
  'results.csv (Ultralytics)',
  'a table with epoch and loss (Keras)',
  'trainer_log.jsonl (LLaMA-Factory)',
  'dvclive (DVCLive)',
  'event files (TensorBoard)',
  'a log of steps and losses (nanoGPT)',
  'tables, JSON lines or text logs with steps or epochs (any program)',
  'evaluations.npz (Stable-Baselines3)',
  'metrics and meta.yaml (MLflow)',
  'run-ID.wandb (W&B)',
  'weights with their own metrics (Lightning, spaCy)',
  'bestmark-output.log (bestmark run)',
] as const

/**
 * The sources that find a run in a folder, the one that knows most of it first. Beside a journal
 * nothing else is one; results, which tell the steps only about, are where nothing else is.
 */
export async function findSources(root: string): Promise<Source[]> {
  const found = await findGrowingSources(root)
  // Under the Trainer DVCLive counts calls of its log, and tells the same values.
  const hasTrainer = found.includes(HUGGINGFACE)
  return hasTrainer ? found.filter((source) => source !== DVCLIVE) : found
}

/** The same with those that tell nothing beside others: their files grow while the run does, too. */
export async function findGrowingSources(root: string): Promise<Source[]> {
  const listing = new Listing(root)
  if (await RUN_JOURNAL.isHere(listing)) return [RUN_JOURNAL]
  const found: Source[] = []
  for (const source of SOURCES) if (await source.isHere(listing)) found.push(source)
  return withLogs(found, listing)
}

/** Sources that tell less than a log in which something was evaluated. */
const LESS_DETAILED: readonly Source[] = [TENSORBOARD, RUN_OUTPUT]

/** Other logs count where no source knows the program, or only event files and printed lines do. */
async function withLogs(found: readonly Source[], listing: Listing): Promise<Source[]> {
  if (found.some((source) => !LESS_DETAILED.includes(source))) return [...found]
  const logs = await findLogFiles(listing)
  const isMore = found.length === 0 || logs.some(({ isMeasured }) => isMeasured)
  // Event files of the same program count as they like.
  if (logs.length > 0 && isMore) return [LOGS, ...found.filter((source) => source === RUN_OUTPUT)]
  if (found.length === 1 && found[0] === RUN_OUTPUT)
    return [...(await besideOutput(listing)), RUN_OUTPUT]
  if (found.length === 0 && (await RESULTS.isHere(listing))) return [RESULTS]
  if (found.length === 0 && (await DOCUMENTS.isHere(listing))) return [DOCUMENTS]
  if (found.length === 0 && (await WEIGHTS_ONLY.isHere(listing))) return [WEIGHTS_ONLY]
  return [...found]
}

/** Where `bestmark run` kept a program's output alone: that is its log, or its weights tell their own values. */
async function besideOutput(listing: Listing): Promise<Source[]> {
  for (const source of [PRINTED, WEIGHTS_ONLY]) if (await source.isHere(listing)) return [source]
  return []
}

/** One reader for all that tells of a run in a folder, and for what stands beside its log. */
export function openRun([first, ...others]: readonly Source[], opening: ReadOptions): SourceReader {
  if (!first) throw new Error(`No training run found in ${opening.root}.`)
  const open = (log: ReadOptions): SourceReader =>
    others.length === 0 ? first.open(log) : mixedReader([first, ...others], log)
  return new SetupReader(open, opening)
}
