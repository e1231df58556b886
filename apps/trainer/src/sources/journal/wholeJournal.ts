import { join } from 'node:path'
import { type EventOf, type TrainingEvent, type JournalHeader, JOURNAL } from '@bestmark/core'
import pLimit from 'p-limit'
import { Failure, errorText } from '../../failure.ts'
import { inspectCheckpoint } from '../../checkpoints/inspect.ts'
import { readJournal } from '../../journal/read.ts'
import { isJournal } from '../../journal/header.ts'
import { unlistedCheckpoints } from '../../checkpoints/unlisted.ts'
import type { ReadRun } from '../reader/source.ts'
import { journalSource, RUN_JOURNAL } from './runJournal.ts'
import { readWhole } from '../reader/source.ts'

/** How many checkpoints are inspected at once. */
const AT_ONCE = 8

/**
 * Reads a run's whole journal, with the output log of `bestmark run`, and inspects its checkpoints.
 * Undefined if there is no journal, or another program's file of that name. Throws a Failure if it
 * cannot be read.
 */
export async function readJournalRun(root: string): Promise<ReadRun | undefined> {
  const path = join(root, JOURNAL)
  if (!isJournal(path)) return undefined
  const { header, events: journal_events } = readAll(path)
  if (!header) return undefined
  const source = journalSource(root)
  const events =
    source === JOURNAL
      ? journal_events
      : await readWhole(RUN_JOURNAL.open({ root, cursor: null, isOver: true }))
  const { job_id, name, project } = header
  const saves = lastSaves(events)
  const unlisted: TrainingEvent[] = await unlistedCheckpoints(root, saves)
  // Several at once, since a store answers each request late.
  const atOnce = pLimit(AT_ONCE)
  const seen = await Promise.all(saves.map((saved) => atOnce(filesEvent, root, saved)))
  const run = { root, source, job_id, name, project, isSingleFile: false }
  return { ...run, events: events.concat(unlisted, seen) }
}

function readAll(path: string): { header: JournalHeader | null; events: TrainingEvent[] } {
  try {
    const pieces: TrainingEvent[][] = []
    let piece = readJournal(path)
    for (let at = 0; piece.offset > at; piece = readJournal(path, at)) {
      pieces.push(piece.events)
      at = piece.offset
    }
    return { header: piece.header, events: pieces.flat() }
  } catch (cause) {
    throw new Failure(errorText(cause), { cause })
  }
}

/** The last save of each path. */
function lastSaves(events: readonly TrainingEvent[]): EventOf<'checkpoint'>[] {
  const byPath = new Map<string, EventOf<'checkpoint'>>()
  for (const event of events) if (event.type === 'checkpoint') byPath.set(event.path, event)
  return [...byPath.values()]
}

async function filesEvent(
  root: string,
  { attempt, step, path }: EventOf<'checkpoint'>,
): Promise<EventOf<'files'>> {
  const seen = await inspectCheckpoint(root, path, null)
  return { type: 'files', attempt, at: null, step, path, ...seen }
}
