import { join } from 'node:path'
import { JobUnknown, record, sourceCursor, type Database } from '@bestmark/db'
import { statIfSeen } from '../files/runFile.ts'
import { journalSize, readJournal } from '../journal/read.ts'
import { JOURNAL, journalHeader } from '../journal/header.ts'
import { pause } from '../pause.ts'
import { Changes } from './changes.ts'
import { MissingJournal } from './missingJournal.ts'
import { isOtherJournal } from './replacedRuns.ts'
import { OtherRunError, readJournalCursor, writeJournalCursor } from './journalCursor.ts'
import type { RecordedRun } from './recordedRun.ts'
import { recordScores } from './scores.ts'
import { readerWarnings } from '../sources/events/newEvents.ts'
import { SCORES } from '../sources/scores/scoresFile.ts'
import { isReplaced, offsetIn } from '../files/growingFile.ts'
import { journalSource } from '../sources/journal/runJournal.ts'

/** How long to wait before a database that is away is tried again (ms). */
const TRY_AGAIN = 1000
/** The database is asked this often even where no file changed, since others write to it, too (ms). */
const ASK_AGAIN = 60_000

/**
 * Records what the journal holds now beyond the stored cursor; returns whether there was anything.
 * What is written meanwhile is left to the next call, so that no trainer is too fast to end. A
 * journal that is not what was read of it was begun anew, and replaces what was recorded.
 * Another recorder of the same journal may go on in between: each event is stored once; one that
 * lies beside the log of `bestmark run` is left to those who read both.
 * Throws where the database is away or the file is no journal, and OtherRunError where it is of one.
 */
export async function recordJournal(db: Database, run: RecordedRun): Promise<boolean> {
  const { job_id, folder } = run
  const path = join(folder, JOURNAL)
  let cursor = await sourceCursor(db, job_id, JOURNAL)
  const size = journalSize(path)
  let any = false
  for (;;) {
    const place = readJournalCursor(cursor)
    if ((any && place.offset >= size) || journalSource(folder) !== JOURNAL) return any
    const header = journalHeader(path)
    if (!header) return any
    const id = header.job_id
    if (place.id !== id && (await isOtherJournal(db, job_id, id))) throw new OtherRunError(folder)
    const replace = isReplaced(path, { ...place, line: 0 })
    const offset = replace ? 0 : place.offset
    const piece = readJournal(path, offset)
    if (piece.offset === offset) return any
    const { read } = offsetIn(path, piece.offset)
    // Another one may have taken its name in between.
    if (journalHeader(path)?.job_id !== id) continue
    const to = writeJournalCursor({ offset: piece.offset, id, read })
    const batch = { source: JOURNAL, from: cursor, to, events: piece.events, replace }
    const { recorded, cursor: present } = await record(db, job_id, batch)
    any ||= recorded
    if (recorded) for (const text of readerWarnings(piece.events)) run.onNotice?.(text)
    cursor = present
  }
}

/** Records what the journal and the scores hold beyond their cursors; whether there was anything. */
export async function recordRun(db: Database, run: RecordedRun): Promise<boolean> {
  const any = await recordJournal(db, run)
  // The scores come after the checkpoints that they are of.
  return (await recordScores(db, run)) || any
}

/**
 * Keeps recording a growing journal and its scores until the signal aborts, then records what is
 * left. The database is asked only where a file changed. While it is away the files are the buffer;
 * `onTrouble` hears why nothing is recorded. It ends where the job was removed from the board.
 * A journal that is away for a moment takes nothing back. Throws OtherRunError where the folder holds
 * another run.
 */
export async function followJournal(
  db: Database,
  run: RecordedRun,
  signal: AbortSignal,
  onTrouble: (error: unknown) => void,
): Promise<void> {
  using changes = new Changes(run.folder)
  const absence = new MissingJournal(db, run)
  let known: { files: string; at: number } | undefined
  while (!signal.aborted) {
    try {
      await absence.look()
      const files = filesOf(run.folder)
      const isKnown = known?.files === files && performance.now() - known.at < ASK_AGAIN
      if (!isKnown && (await recordRun(db, run))) continue
      if (!isKnown) known = { files, at: performance.now() }
      await changes.next(signal)
    } catch (error) {
      if (error instanceof OtherRunError) throw error
      onTrouble(error)
      if (error instanceof JobUnknown) return
      await pause(TRY_AGAIN, signal)
    }
  }
  await recordRun(db, run)
}

/** Stands for the files of a journal's run as they lie there now. */
function filesOf(folder: string): string {
  return [folder, join(folder, JOURNAL), join(folder, SCORES)]
    .map((path) => {
      const seen = statIfSeen(path)
      // What else lies in the folder changes its size on some file systems.
      return seen ? `${seen.ino} ${seen.mtimeMs} ${path === folder ? '' : seen.size}` : ''
    })
    .join('\n')
}
