import type { EventOf, FilesFault, TrainingEvent } from '@bestmark/core'
import { absolutePath } from '@bestmark/db/root'
import pLimit from 'p-limit'
import { inspectStored } from '../../checkpoints/inspectStored.ts'
import { Failure } from '../../failure.ts'
import { readRun } from '../readRun.ts'
import { NotOneRun } from '../runsBelow.ts'
import type { ReadRun } from '../reader/source.ts'
import { copyRun } from './runCopy.ts'

/** How many checkpoints are checked at once. */
const AT_ONCE = 8
/** Faults that the order of a program's files shows, which a check in the store does not know. */
const OF_THE_PROGRAM: readonly (FilesFault | null)[] = ['save_unfinished', 'state_unreadable']

/**
 * Reads a run in S3 as it is now. Its root and the paths of its checkpoints are URIs; their files are
 * checked in the store. Throws a Failure as `readRun` does.
 */
export async function readStoredRun(uri: string): Promise<ReadRun> {
  const given = uri.replace(/\/+$/, '')
  await using copy = await copyRun(given)
  const inStore = (text: string): string => text.replaceAll(copy.folder, given)
  const run = await readRun(copy.folder).catch((error: unknown) => {
    if (!(error instanceof Failure)) throw error
    if (error instanceof NotOneRun)
      throw new NotOneRun(given, { ...error.below, roots: error.below.roots.map(inStore) })
    throw new Failure(inStore(error.message), { cause: error })
  })
  const root = inStore(run.root)
  const atOnce = pLimit(AT_ONCE)
  const events = run.events.map((event) => atOnce(() => eventInStore(event, root, inStore)))
  return { ...run, root, events: await Promise.all(events) }
}

async function eventInStore(
  event: TrainingEvent,
  root: string,
  inStore: (text: string) => string,
): Promise<TrainingEvent> {
  if (event.type === 'log' && event.reader) return { ...event, text: inStore(event.text) }
  if (event.type === 'checkpoint' || event.type === 'files') return checked(event, root)
  return event
}

/** A copy holds only both ends of weights, so their files are checked in the store. */
async function checked(
  event: EventOf<'checkpoint' | 'files'>,
  root: string,
): Promise<TrainingEvent> {
  if (OF_THE_PROGRAM.includes(event.files_fault ?? null)) return event
  return { ...event, ...(await inspectStored(absolutePath(root, event.path), {})) }
}
