import { stat } from 'node:fs/promises'
import type { TrainingEvent } from '@bestmark/core'
import { Failure, sentence } from '../failure.ts'
import type { JOURNAL } from '../journal.ts'
import { withScores } from '../scores/attached.ts'
import { readHuggingFace, readStateFile } from './huggingface.ts'
import { readJournalRun } from './journal.ts'

/** A training run as a source read it from disk. */
export interface ReadRun {
  /** Absolute path of the run's root; paths in events are relative to it. */
  root: string
  source: typeof JOURNAL | 'huggingface'
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
  return withScores((await readJournalRun(path)) ?? (await readHuggingFace(path)))
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
