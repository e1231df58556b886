import {
  factsAfter,
  hasEnded,
  initialTracker,
  s3Address,
  isActive,
  isUri,
  type TrainingEvent,
  type TrainingJobStatus,
} from '@bestmark/core'
import { jobStatus, uuidv5 } from '@bestmark/db'
import type { Board } from '../board/board.ts'
import { Failure } from '../failure.ts'
import type { ReadRun } from '../sources/reader/source.ts'
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
 * Importing it again replaces its history. Throws a Failure if nothing can be read there, or if
 * the run is a copy of one that trains.
 */
export async function importStoredRun(
  board: Board,
  uri: string,
  naming: NameOptions,
  onNotice: RecordedRun['onNotice'],
): Promise<TrainingJobStatus> {
  const run = await readStoredRun(uri)
  await assertNoTraining(board, run)
  const job_id = run.job_id ?? uuidv5(ADDRESSES, oneAddress(run.root))
  const read = { ...run, job_id, events: ended(run.events) }
  return importEvents(board, uri, read, naming, onNotice)
}

/** A copy knows less than the folder where the run trains, from which its recorder goes on. */
async function assertNoTraining({ db }: Board, { root, job_id }: ReadRun): Promise<void> {
  const job = job_id === null ? undefined : await jobStatus(db, job_id)
  if (!job || job.deleted_at !== null || isUri(job.output_dir) || !isActive(job.status)) return
  const where = `${job.output_dir} on ${job.host}`
  throw new Failure(
    `${root} is a copy of "${job.name}", which trains in ${where}. Import it when it has ended.`,
  )
}

/** No agent follows a folder in a store, so a run that still trains ends on the board for now. */
function ended(events: TrainingEvent[]): TrainingEvent[] {
  const { status, attempt } = events.reduce(factsAfter, initialTracker().facts)
  return hasEnded(status) ? events : [...events, endedEvent(attempt, 'stopped', LEFT_OPEN)]
}

/** The same address for the other words for S3, such as `s3a://`. */
function oneAddress(uri: string): string {
  const address = s3Address(uri)
  return address ? `s3://${address.bucket}/${address.key}` : uri
}
