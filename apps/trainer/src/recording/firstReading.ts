import { join } from 'node:path'
import { JOURNAL } from '@bestmark/core'
import { Failure, errorText } from '../failure.ts'
import type { Listing } from '../files/listing.ts'
import { readJournal } from '../journal/read.ts'
import { mayGrow, type RunIdentity } from '../sources/identity.ts'
import type { Source, SourceReader } from '../sources/reader/source.ts'
import { findSources, openRun } from '../sources/sources.ts'
import { PieceAhead } from './piece.ts'
import { watchedFiles } from './runFiles.ts'

/** What was read of a run before its job was put on the board. Its recorder goes on from there. */
export interface FirstReading {
  isOver: boolean
  sources: Source[]
  /** The files whose changes show that there is more to read. */
  watched: string[]
  reader: SourceReader
  /** Holds the first piece. */
  ahead: PieceAhead
}

/**
 * Reads the first piece of a run. Throws a Failure if nothing of it can be read, because its job would
 * wait for ever. Undefined for a journal, which is only checked.
 */
export async function readFirst(
  { root, source }: RunIdentity,
  listing: Listing,
): Promise<FirstReading | undefined> {
  try {
    if (source === JOURNAL) return void assertEvents(join(root, JOURNAL))
    const isOver = !(await mayGrow(root, listing))
    const sources = await findSources(root, listing)
    const watched = await watchedFiles(root, sources, listing)
    const reader = openRun(sources, { root, cursor: null, isOver })
    const ahead = new PieceAhead()
    const { events } = await ahead.first(reader)
    if (events.length > 0) return { isOver, sources, watched, reader, ahead }
    // A reader that does not wait for more lines reports what is wrong with the files.
    await openRun(sources, { root, cursor: null, isOver: true }).next()
  } catch (cause) {
    throw new Failure(errorText(cause), { cause })
  }
  throw new Failure(
    `${root} cannot be read yet: its files are still being written. Try again in a few seconds.`,
  )
}

function assertEvents(journal: string): void {
  const { events } = readJournal(journal)
  const isNothing = events.length > 0 && events.every(({ type }) => type === 'log')
  if (isNothing) throw new Failure(`${journal} has no training events.`)
}
