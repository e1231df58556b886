import type { EventOf, TrainingEvent } from '@bestmark/core'
import type { ReadRun } from '../reader/source.ts'
import { type AttachedScore, attachByAttempt, attachByState, scoreEvents } from './scoreEvents.ts'
import { readScores } from './scoresFile.ts'

/** Adds the scores of a run as its last events. */
export async function addScores(run: ReadRun): Promise<ReadRun> {
  if (run.isSingleFile) return run
  const read = readScores(run.root)
  const isNothing = read.scores.length === 0 && read.unreadable.length === 0
  if (isNothing && read.problem === null) return run
  const attached = await attachScores(run, read.scores)
  const attempt = run.events.reduce((last, event) => Math.max(last, event.attempt), 0)
  return { ...run, events: [...run.events, ...scoreEvents(attached, read, attempt)] }
}

/** The scores of a run, each with its checkpoint. */
export async function attachScores(
  { root, source, events }: Pick<ReadRun, 'root' | 'source' | 'events'>,
  scores = readScores(root).scores,
): Promise<AttachedScore[]> {
  const saved = checkpointEvents(events)
  // HuggingFace's attempts are inferred and may change when files are removed.
  const isInferred = source === 'huggingface'
  return isInferred ? attachByState(root, scores, saved) : attachByAttempt(scores, saved)
}

function checkpointEvents(events: readonly TrainingEvent[]): EventOf<'checkpoint'>[] {
  return events.filter((event): event is EventOf<'checkpoint'> => event.type === 'checkpoint')
}
