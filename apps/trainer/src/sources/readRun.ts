import { stat } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { Failure, errorText } from '../failure.ts'
import { addScores } from './scores/runScores.ts'
import { readHuggingFace, readStateFile } from './huggingface/huggingface.ts'
import { HUGGINGFACE } from './huggingface/huggingfaceSource.ts'
import { readJournalRun } from './journal/wholeJournal.ts'
import { findLinkedCheckpoints } from './checkpointLinks.ts'
import { Listing } from '../files/listing.ts'
import { readSetup } from './setup/setup.ts'
import { type ReadRun, readWhole } from './reader/source.ts'
import { findSiblingWeights } from './tensorboard/siblings.ts'
import { SUPPORTED_FILES, openRun, findSources } from './sources.ts'

/**
 * Reads a finished or growing run by the source that knows most of it: an output folder with what
 * was measured of its checkpoints afterwards, or one state file. Throws a Failure that says what is wrong and what to do.
 */
export async function readRun(path: string): Promise<ReadRun> {
  if (!(await isFolder(path))) return readFile(path)
  const journal = await readJournalRun(path)
  if (journal) return addScores(await withSetup(journal))
  const linked = await findLinkedCheckpoints(path)
  if (linked !== undefined) return readRun(linked)
  const beside = await findSiblingWeights(path)
  if (beside !== undefined && (await findSources(beside)).length > 0) return readRun(beside)
  const sources = await findSources(path)
  const [first, ...others] = sources
  // Where checkpoints were saved without their states, its reader says what is wrong with them.
  if ((!first && (await hasSaves(path))) || (first === HUGGINGFACE && others.length === 0)) {
    return addScores(await withSetup(await readHuggingFace(path)))
  }
  if (!first) {
    const files = SUPPORTED_FILES.join(', ')
    throw new Failure(`No training run found in ${path}. Supported files: ${files}.`)
  }
  const events = await readWhole(openRun(sources, { root: path, cursor: null, isOver: true }))
  const identity = { job_id: null, name: basename(path), project: 'imported', isSingleFile: false }
  const run = { root: path, source: first.name, ...identity, events }
  return first === HUGGINGFACE ? run : addScores(run)
}

/** With what stands beside the log, where its reader reads the log alone. */
async function withSetup(run: ReadRun): Promise<ReadRun> {
  const setup = await readSetup(run.root)
  return setup ? { ...run, events: [...run.events, setup] } : run
}

/** One state file; of other files a run's folder tells more. */
async function readFile(path: string): Promise<ReadRun> {
  const folder = dirname(path)
  const isPart = !path.endsWith('.json') && (await findSources(folder)).length > 0
  if (isPart)
    throw new Failure(`${path} is one file of a run. Give the run's folder instead: ${folder}.`)
  return readStateFile(path)
}

async function hasSaves(path: string): Promise<boolean> {
  return (await new Listing(path).names()).some((name) => /^checkpoint-\d+$/.test(name))
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch (cause) {
    const gone = (cause as NodeJS.ErrnoException).code === 'ENOENT'
    const why = gone ? `There is no ${path}.` : `Cannot open ${path}: ${errorText(cause)}`
    throw new Failure(why, { cause })
  }
}
