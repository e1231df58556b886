import { join } from 'node:path'
import { type Measured, readMeasured, ownValue, setOwn, type ReaderNote } from '@bestmark/core'
import { Failure, systemCode } from '../../failure.ts'
import { textOfFile } from '../../files/runFile.ts'
import { fileErrorText } from '../../plainErrors.ts'
import { jsonObject } from '../../files/json.ts'
import type { Listing } from '../../files/listing.ts'
import { TextWalk } from '../../files/jsonLines.ts'
import { isHeldOut } from '../events/names.ts'

/** The contents of the Trainer's `save_metrics` files: a summary of training, and metrics after it. */
export interface Results {
  /** The most complete file. */
  file: string
  /** Epochs of training, with a fraction; null if unknown. */
  epoch: number | null
  train_loss: Measured
  /** The fewest and the most steps that fit rate and runtime; null if unknown. */
  steps: [fewest: number, most: number] | null
  /** The epochs of these steps, by the number of training samples; null if unknown. */
  epochs_of_steps: number | null
  /** Metrics of held-out data. */
  values: Record<string, Measured>
  /** The file and the line of each value. */
  origins: Record<string, { file: string; line: number | null }>
  /** Notes about files that cannot be read. */
  problems: ReaderNote[]
}

/** Larger files are not read (bytes). */
const LARGEST = 16 << 20
/** The first file has the contents of all the others. It may be missing. */
const FILES = [
  'all_results.json',
  'train_results.json',
  'eval_results.json',
  'predict_results.json',
  'test_results.json',
]

/** The files of `save_metrics` in a folder. */
export async function findResultsFiles(listing: Listing): Promise<string[]> {
  const names = listing.names()
  return FILES.filter((name) => names.includes(name))
}

/** Whether a file is about training. Evaluations alone may be of downloaded weights. */
export async function hasTrainingResults(listing: Listing, file: string): Promise<boolean> {
  const head = await listing.head(file)
  return (
    /"train_runtime"\s*:/.test(head) || (/"eval_\w+"\s*:/.test(head) && /"epoch"\s*:/.test(head))
  )
}

/** Reads the files of `save_metrics`. */
export async function readResults(root: string, files: readonly string[]): Promise<Results> {
  const found: Results = {
    ...{ file: files[0] ?? '', epoch: null, train_loss: null, steps: null },
    ...{ epochs_of_steps: null, values: {}, origins: {}, problems: [] },
  }
  const summary: Record<string, number> = {}
  for (const file of files) {
    const text = await readText(join(root, file)).catch((error: unknown) => {
      if (systemCode(error) === undefined && !(error instanceof Failure)) throw error
      found.problems.push(unreadable(file, fileErrorText(error) ?? ''))
    })
    if (text === undefined) continue
    const values = jsonObject(text.replace(/^\uFEFF/, ''))
    if (!values) found.problems.push(unreadable(file, 'it is not a JSON object'))
    else readInto(found, summary, { file, text, values })
  }
  found.epoch = summary['epoch'] ?? null
  found.train_loss = summary['train_loss'] ?? null
  found.steps = stepsOf(summary)
  found.epochs_of_steps = epochsOf(summary)
  return found
}

function readInto(
  found: Results,
  summary: Record<string, number>,
  { file, text, values }: { file: string; text: string; values: Record<string, unknown> },
): void {
  const walk = new TextWalk(text)
  for (const [name, one] of Object.entries(values)) {
    const value = readMeasured(one)
    if (value === undefined || value === null) continue
    if (!isMeasured(name)) setOwn(summary, name, ownValue(summary, name) ?? value)
    else if (!Object.hasOwn(found.values, name)) {
      setOwn(found.values, name, value)
      setOwn(found.origins, name, { file, line: walk.lineOf(name, one) })
    }
  }
}

/** Whether a name is a held-out metric, not a number of samples. */
function isMeasured(name: string): boolean {
  return (isHeldOut(name) || /^predict_|^perplexity$/.test(name)) && !/_samples$/.test(name)
}

/** The number of epochs. The example scripts write the samples per epoch. */
function epochsOf(summary: Record<string, number>): number | null {
  const {
    train_samples: samplesPerEpoch,
    train_samples_per_second: rate,
    train_runtime: seconds,
  } = summary
  if (samplesPerEpoch === undefined || rate === undefined || seconds === undefined) return null
  return samplesPerEpoch > 0 && rate > 0 && seconds > 0 ? (rate * seconds) / samplesPerEpoch : null
}

/**
 * The Trainer divides steps by the runtime and rounds to three decimals (`speed_metrics`). The steps
 * are exact for a run below about 1,000 s, and approximate for a longer one.
 */
function stepsOf(summary: Record<string, number>): Results['steps'] {
  const { train_steps_per_second: rate, train_runtime: seconds } = summary
  if (rate === undefined || seconds === undefined || !(rate >= 0) || !(seconds > 0)) return null
  const fewest = Math.ceil((rate - HALF) * (seconds - HALF_SECONDS) - SLACK)
  const most = Math.floor((rate + HALF) * (seconds + HALF_SECONDS) + SLACK)
  return Number.isSafeInteger(most) && most >= 1 ? [Math.max(1, fewest), most] : null
}

/** Half of the last decimal of a rate, and of a runtime. */
const HALF = 0.0005
const HALF_SECONDS = 0.00005
/** The possible rounding error of a whole number. */
const SLACK = 1e-6

async function readText(path: string): Promise<string | undefined> {
  try {
    return await textOfFile(path, LARGEST)
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error
    return undefined
  }
}

function unreadable(file: string, why: string): ReaderNote {
  return { code: 'results_unreadable', text: `Skipped ${file}: ${why}` }
}
