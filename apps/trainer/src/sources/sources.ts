import { DVCLIVE } from './tables/dvclive.ts'
import { HUGGINGFACE } from './huggingface/huggingfaceSource.ts'
import { KERAS } from './tables/keras.ts'
import { LIGHTNING } from './tables/lightning.ts'
import { D3RLPY } from './tables/d3rlpy.ts'
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
import { SENTENCE_TRANSFORMERS } from './tables/sentenceTransformers.ts'
import { STABLE_BASELINES } from './stableBaselines/evaluations.ts'
import type { ReadOptions, Source, SourceReader } from './reader/source.ts'
import { SetupReader } from './setup/setupReader.ts'
import { TENSORBOARD } from './tensorboard/tensorboard.ts'
import { RUN_OUTPUT, TEXT_LOG } from './output/textLog.ts'
import { WANDB, WANDB_BESIDE } from './trackers/wandb.ts'
import { isMonitored, WEIGHTS_ONLY } from './unlogged/unlogged.ts'
import { ULTRALYTICS } from './tables/ultralytics.ts'

/** All sources, the most detailed first. */
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
  D3RLPY,
  SENTENCE_TRANSFORMERS,
  TENSORBOARD,
  TEXT_LOG,
  RUN_OUTPUT,
]

/** The files by which a user recognises a supported run. */
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
  'evaluations.npz or progress.csv (Stable-Baselines3)',
  'eval/…_results.csv (sentence-transformers)',
  'metrics and meta.yaml (MLflow)',
  'run-ID.wandb (W&B)',
  'weights with their own metrics (Lightning, spaCy)',
  'bestmark-output.log (bestmark run)',
] as const

/**
 * With the Trainer these repeat its values. DVCLive counts log calls instead of steps, and
 * sentence-transformers uses other names.
 */
const REPEATING: readonly Source[] = [DVCLIVE, SENTENCE_TRANSFORMERS]

/**
 * The sources that can read the run in a folder, the most detailed first. A journal is always read
 * alone. Result files have no exact steps, so they are only read if there is nothing else.
 */
export async function findSources(root: string, listing = new Listing(root)): Promise<Source[]> {
  const found = await findGrowingSources(root, listing)
  return found.includes(HUGGINGFACE) ? found.filter((source) => !REPEATING.includes(source)) : found
}

/** What was found in listings of folders, which are read once. */
const foundIn = new WeakMap<Listing, Promise<Source[]>>()

/** Like findSources, plus sources that add nothing: their files also show that a run grows. */
export async function findGrowingSources(
  root: string,
  listing = new Listing(root),
): Promise<Source[]> {
  const found = foundIn.get(listing) ?? searchSources(listing)
  foundIn.set(listing, found)
  return found
}

async function searchSources(listing: Listing): Promise<Source[]> {
  if (await RUN_JOURNAL.isHere(listing)) return [RUN_JOURNAL]
  const found: Source[] = []
  for (const source of SOURCES) if (await source.isHere(listing)) found.push(source)
  return withLogs(found, listing)
}

/** Sources with less detail than a log with evaluations. */
const LESS_DETAILED: readonly Source[] = [TENSORBOARD, RUN_OUTPUT]

/** Adds generic logs if no source, or only a less detailed one, supports the program. */
async function withLogs(found: readonly Source[], listing: Listing): Promise<Source[]> {
  if (found.some((source) => !LESS_DETAILED.includes(source))) return [...found]
  const logs = await findLogFiles(listing)
  const isDetailed = found.length === 0 || logs.some(({ isMeasured }) => isMeasured)
  // Event files may count steps in another way than the log, so they are not read with it.
  if (logs.length > 0 && isDetailed)
    return [LOGS, ...found.filter((source) => source === RUN_OUTPUT)]
  // A person may have copied the folder of W&B with the weights, so it is used if nothing else is there.
  const isAlone = found.every((source) => source === RUN_OUTPUT)
  if (isAlone && (await WANDB_BESIDE.isHere(listing))) return [WANDB_BESIDE, ...found]
  if (found.length === 1 && found[0] === RUN_OUTPUT)
    return [...(await withOutput(listing)), RUN_OUTPUT]
  if (found.length === 0 && (await RESULTS.isHere(listing))) return [RESULTS]
  if (found.length === 0 && (await DOCUMENTS.isHere(listing))) return [DOCUMENTS]
  if (found.length === 0 && (await WEIGHTS_ONLY.isHere(listing))) return [WEIGHTS_ONLY]
  return [...found]
}

/**
 * For a run with only the output kept by `bestmark run`: reads a JSON document, the record that a
 * monitor keeps in its weights, the output as a log, or the metrics in the weights.
 */
async function withOutput(listing: Listing): Promise<Source[]> {
  if (await DOCUMENTS.isHere(listing)) return [DOCUMENTS]
  if (await isMonitored(listing)) return [WEIGHTS_ONLY]
  for (const source of [PRINTED, WEIGHTS_ONLY]) if (await source.isHere(listing)) return [source]
  return []
}

/** One reader for all sources of a run and for its setup, output and usage. */
export function openRun([first, ...others]: readonly Source[], options: ReadOptions): SourceReader {
  if (!first) throw new Error(`No training run found in ${options.root}.`)
  const open = (log: ReadOptions): SourceReader =>
    others.length === 0 ? first.open(log) : mixedReader([first, ...others], log)
  return new SetupReader(open, options)
}
