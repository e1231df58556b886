import { join } from 'node:path'
import { type Measured, readMeasured, ownValue, setOwn } from '@bestmark/core'
import { Failure, systemCode } from '../../failure.ts'
import { textOfFile } from '../../files/runFile.ts'
import { fileErrorText } from '../../plainErrors.ts'
import { jsonObject } from '../../files/json.ts'
import type { Listing } from '../../files/listing.ts'
import { TextWalk } from '../../files/jsonLines.ts'
import { isHeldOut } from '../events/names.ts'

/** What the Trainer's `save_metrics` left: the sums of training, and what was measured after it. */
export interface Results {
  /** The file that tells most; the values of others are left to `missing`. */
  file: string
  /** Fractional epochs of training; null where nothing tells. */
  epoch: number | null
  train_loss: Measured
  /** The fewest and the most steps that rate and runtime can be of; null where nothing tells. */
  steps: [fewest: number, most: number] | null
  /** How many epochs these steps are, where the number of training samples tells. */
  epochs_of_steps: number | null
  /** What was measured on held-out data. */
  values: Record<string, Measured>
  /** The file and the line of each value. */
  origins: Record<string, { file: string; line: number | null }>
  /** Files that cannot be read, and why. */
  problems: string[]
}

/** More than any results have (bytes). */
const LARGEST = 16 << 20
/** The first one holds what all the others do, unless somebody took it away. */
const FILES = [
  'all_results.json',
  'train_results.json',
  'eval_results.json',
  'predict_results.json',
  'test_results.json',
]

/** The files that `save_metrics` may have left in a folder, by name. */
export async function findResultsFiles(listing: Listing): Promise<string[]> {
  const names = await listing.names()
  return FILES.filter((name) => names.includes(name))
}

/** Whether a file tells of training: evaluations alone may be of weights that were only downloaded. */
export async function hasTrainingResults(listing: Listing, file: string): Promise<boolean> {
  const head = await listing.head(file)
  return (
    /"train_runtime"\s*:/.test(head) || (/"eval_\w+"\s*:/.test(head) && /"epoch"\s*:/.test(head))
  )
}

/** Reads what `save_metrics` left in a folder. */
export async function readResults(root: string, files: readonly string[]): Promise<Results> {
  const found: Results = {
    ...{ file: files[0] ?? '', epoch: null, train_loss: null, steps: null },
    ...{ epochs_of_steps: null, values: {}, origins: {}, problems: [] },
  }
  const summary: Record<string, number> = {}
  for (const file of files) {
    const text = await readText(join(root, file)).catch((error: unknown) => {
      if (systemCode(error) === undefined && !(error instanceof Failure)) throw error
      found.problems.push(`Skipped ${file}: ${fileErrorText(error)}`)
    })
    if (text === undefined) continue
    const values = jsonObject(text.replace(/^\uFEFF/, ''))
    if (!values) found.problems.push(`Skipped ${file}: it is not a JSON object`)
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

/** Numbers of samples are told beside what was measured on them. */
function isMeasured(name: string): boolean {
  return (isHeldOut(name) || /^predict_|^perplexity$/.test(name)) && !/_samples$/.test(name)
}

/** The example scripts tell how many samples an epoch has. */
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
 * The Trainer divides steps by the runtime and rounds to three decimals (`speed_metrics`),
 * so that a run of less than some 1,000 s tells them exactly, and a longer one about.
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
/** What the arithmetic of doubles may lose of a whole number. */
const SLACK = 1e-6

async function readText(path: string): Promise<string | undefined> {
  try {
    return await textOfFile(path, LARGEST)
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error
    return undefined
  }
}
