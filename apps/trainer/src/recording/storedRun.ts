import {
  factsAfter,
  hasEnded,
  initialTracker,
  type TrainingEvent,
  type TrainingJobStatus,
} from '@bestmark/core'
import { uuidv5 } from '@bestmark/db'
import type { Board } from '../board/board.ts'
import { endedEvent } from '../sources/events/newEvents.ts'
import { readStoredRun } from '../sources/stored/storedRun.ts'
import { importEvents, type NameOptions } from './importRun.ts'
import type { RecordedRun } from './recordedRun.ts'

/** The namespace of ids that are made from an address (RFC 9562, appendix B). */
const ADDRESSES = '6ba7b811-9dad-11d1-80b4-00c04fd430c8'

const LEFT_OPEN =
  'It had not ended when it was imported from its store. Import it again to see more.'

/**
 * Puts a run in S3 on the board as it is now; its root is the URI. All hosts give it the same job.
 * Importing it again replaces its history. Throws a Failure if nothing can be read there.
 */
export async function importStoredRun(
  board: Board,
  uri: string,
  naming: NameOptions,
  onNotice: RecordedRun['onNotice'],
): Promise<TrainingJobStatus> {
  const run = await readStoredRun(uri)
  const job_id = run.job_id ?? uuidv5(ADDRESSES, run.root)
  const read = { ...run, job_id, events: ended(run.events) }
  return importEvents(board, uri, read, naming, onNotice)
}

/** No agent follows a folder in a store, so a run that still trains ends on the board for now. */
function ended(events: TrainingEvent[]): TrainingEvent[] {
  const { status, attempt } = events.reduce(factsAfter, initialTracker().facts)
  return hasEnded(status) ? events : [...events, endedEvent(attempt, 'stopped', LEFT_OPEN)]
}
