import { type ReaderNote, readerNote } from '@bestmark/core'
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
import { findSiblingWeights } from './siblingFolders.ts'
import { nothingReadText } from './nothingRead.ts'
import { findRunsBelow, NotOneRun } from './runsBelow.ts'
import { openRun, findSources } from './sources.ts'

/**
 * Reads a run: a folder with its scores, or one state file. The run may still grow. Throws a Failure
 * that says what is wrong and what to do.
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
  // For checkpoints without a state file, the HuggingFace reader explains what is missing.
  if ((!first && (await hasCheckpoints(path))) || (first === HUGGINGFACE && others.length === 0)) {
    return addScores(await withSetup(await readHuggingFace(path)))
  }
  if (!first) return readOnlyRunBelow(path)
  const events = await readWhole(openRun(sources, { root: path, cursor: null, isOver: true }))
  const identity = { job_id: null, name: basename(path), project: 'imported', isSingleFile: false }
  const run = { root: path, source: first.name, ...identity, events }
  return first === HUGGINGFACE ? run : addScores(run)
}

/** Reads the run below a folder, if there is only one. */
async function readOnlyRunBelow(path: string): Promise<ReadRun> {
  const below = await findRunsBelow(path)
  const [only, ...others] = below.roots
  if (only === undefined)
    throw new Failure(`No training run found in ${path}. ${await nothingReadText(path)}`)
  if (others.length > 0 || below.isPartial) throw new NotOneRun(path, below)
  const run = await readRun(only)
  const notes: ReaderNote[] = [
    { code: 'run_below', text: `The only run below ${path} is in ${only}` },
    ...below.skipped.map((text) => ({ code: 'folder_skipped', text }) as const),
  ]
  return { ...run, events: [...run.events, ...notes.map((note) => readerNote(0, note))] }
}

/** Adds the setup event, for readers that only read the log. */
async function withSetup(run: ReadRun): Promise<ReadRun> {
  const setup = await readSetup(run.root)
  return setup ? { ...run, events: [...run.events, setup] } : run
}

/** Reads one state file. For other files the user must give the run's folder. */
async function readFile(path: string): Promise<ReadRun> {
  const folder = dirname(path)
  const isPart = !path.endsWith('.json') && (await findSources(folder)).length > 0
  if (isPart)
    throw new Failure(`${path} is one file of a run. Give the run's folder instead: ${folder}.`)
  return readStateFile(path)
}

async function hasCheckpoints(path: string): Promise<boolean> {
  return new Listing(path).names().some((name) => /^checkpoint-\d+$/.test(name))
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch (cause) {
    const isMissing = (cause as NodeJS.ErrnoException).code === 'ENOENT'
    const why = isMissing ? `There is no ${path}.` : `Cannot open ${path}: ${errorText(cause)}`
    throw new Failure(why, { cause })
  }
}
