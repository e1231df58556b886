import type { TrainingEvent } from '@bestmark/core'
import { readHuggingFace } from './huggingface.ts'

/** A training run as a source read it from disk. */
export interface ReadRun {
  /** Absolute path of the run's root; paths in events are relative to it. */
  root: string
  source: 'journal' | 'huggingface'
  /** The id in the run's own journal, where it has one. */
  job_id: string | null
  name: string
  /** Whether one file was read alone, which tells of no checkpoints. */
  isSingleFile: boolean
  events: TrainingEvent[]
}

/** Reads a finished or growing run by the source that knows it. Throws a Failure that says what to do. */
export function readRun(path: string): Promise<ReadRun> {
  return readHuggingFace(path)
}
