import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import type { TrainingEvent } from '@bestmark/core'
import { Failure, sentence } from '../failure.ts'
import { withScores } from '../scores/attached.ts'
import { readHuggingFace, readStateFile } from './huggingface.ts'
import { HUGGINGFACE } from './huggingfaceSource.ts'
import { readJournalRun } from './journal.ts'
import { readWhole } from './source.ts'
import { openRun, sourcesIn } from './sources.ts'

/** A training run as a source read it from disk. */
export interface ReadRun {
  /** Absolute path of the run's root; paths in events are relative to it. */
  root: string
  /** The name of the source that knows most of it. */
  source: string
  /** The id in the run's own journal, where it has one. */
  job_id: string | null
  name: string
  project: string
  /** Whether one file was read alone, which tells of no checkpoints. */
  isSingleFile: boolean
  events: TrainingEvent[]
}

/**
 * Reads a finished or growing run by the source that knows most of it: an output folder with what
 * was measured of its checkpoints afterwards, or one state file. Throws a Failure that says what is wrong and what to do.
 */
export async function readRun(path: string): Promise<ReadRun> {
  if (!(await isFolder(path))) return readStateFile(path)
  const journal = await readJournalRun(path)
  if (journal) return withScores(journal)
  const sources = await sourcesIn(path)
  const [first, ...others] = sources
  // Where nothing else is there, its reader says what is missing.
  if (!first || (first === HUGGINGFACE && others.length === 0)) {
    return withScores(await readHuggingFace(path))
  }
  const events = await readWhole(openRun(sources, { root: path, cursor: null, isOver: true }))
  const identity = { job_id: null, name: basename(path), project: 'imported', isSingleFile: false }
  const run = { root: path, source: first.name, ...identity, events }
  return first === HUGGINGFACE ? run : withScores(run)
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch (cause) {
    const gone = (cause as NodeJS.ErrnoException).code === 'ENOENT'
    const why = gone ? `There is no ${path}.` : `${path} cannot be opened: ${sentence(cause)}`
    throw new Failure(why, { cause })
  }
}
