import { JOURNAL } from '@bestmark/core'
import { join } from 'node:path'
import { JobUnknown, type Recorded, sourceCursor, type Database } from '@bestmark/db'
import { statIfSeen } from '../files/runFile.ts'
import { type JournalPiece, journalSize, readJournal, readJournalBeside } from '../journal/read.ts'
import { journalHeader } from '../journal/header.ts'
import { pause } from '../pause.ts'
import { Changes, POLL_EVERY } from './changes.ts'
import { QUIET_AFTER } from './checkTimes.ts'
import { recordFromFiles } from './fromFiles.ts'
import { Gathering } from './gathering.ts'
import { LastLook } from './lastLook.ts'
import { MissingJournal } from './missingJournal.ts'
import { isOtherJournal } from './replacedRuns.ts'
import { OtherRunError, readJournalCursor, writeJournalCursor } from './journalCursor.ts'
import type { RecordedRun } from './recordedRun.ts'
import { recordSampleFiles } from './sampleFiles.ts'
import { recordScores } from './scores.ts'
import { statusesOf } from './statuses.ts'
import { readerWarnings } from '../sources/events/newEvents.ts'
import { SCORES, scoresSize } from '../sources/scores/scoresFile.ts'
import { isReplaced, offsetIn } from '../files/growingFile.ts'
import { journalSource } from '../sources/journal/runJournal.ts'

/** How long to wait before the next try after an error (ms). */
const TRY_AGAIN = 1000
/** How often it is looked whether a run writes so much that nothing is gathered (ms). */
const LOOK = 500
/** How long what is kept counts without a write (ms), because other recorders write to the job too. */
const ASK_AGAIN = 60_000

/**
 * Records the events of the journal after the stored cursor; returns whether there were any. Lines
 * written meanwhile wait for the next call, so that a fast trainer cannot keep this call running. If
 * the bytes that were read have changed, the journal started again: its events replace the recorded
 * ones. Several recorders may read one journal: each event is stored once. A journal beside the log
 * of `bestmark run` is skipped, because FilesRecorder reads both. Throws if the database does not
 * answer or the file is not a journal, and OtherRunError if it belongs to another run.
 */
export async function recordJournal(
  db: Database,
  run: RecordedRun,
  kept: Kept = {},
): Promise<boolean> {
  const { job_id, folder } = run
  const path = join(folder, JOURNAL)
  let cursor = kept.cursor ?? (await sourceCursor(db, job_id, JOURNAL))
  let ahead: Ahead | undefined
  const size = journalSize(path)
  let any = false
  for (;;) {
    const from = readJournalCursor(cursor)
    if ((any && from.offset >= size) || journalSource(folder) !== JOURNAL) return any
    const header = journalHeader(path)
    if (!header) return any
    const id = header.job_id
    if (from.id !== id && (await isOtherJournal(db, job_id, id))) throw new OtherRunError(folder)
    const replace = isReplaced(path, { ...from, line: 0 })
    const offset = replace ? 0 : from.offset
    const isAhead = ahead?.from === cursor && ahead?.piece.header?.job_id === id && !replace
    const piece = (isAhead ? ahead?.piece : undefined) ?? readJournal(path, offset)
    if (piece.offset === offset) return any
    const { read } = offsetIn(path, piece.offset)
    // Another journal may have replaced the file meanwhile.
    if (journalHeader(path)?.job_id !== id) continue
    const to = writeJournalCursor({ offset: piece.offset, id, read })
    const batch = { source: JOURNAL, from: cursor, to, events: piece.events, replace }
    const [{ recorded, cursor: latest, last }, next] = await Promise.all([
      recordFromFiles(db, job_id, batch, kept.last),
      piece.offset < size ? readAhead(path, piece.offset) : undefined,
    ])
    any ||= recorded
    if (recorded) {
      statusesOf(db).wrote(job_id)
      for (const text of readerWarnings(piece.events)) run.onNotice?.(text)
    }
    cursor = latest
    kept.cursor = latest
    kept.last = last
    ahead = next && { from: to, piece: next }
  }
}

/** What a recorder keeps in memory. An outdated cursor is refused, and then read again. */
interface Kept {
  cursor?: string | null
  last?: Recorded['last']
  /** The size of the scores file when it was recorded. */
  scores?: number
}

/** The piece after a cursor, read while the piece before it was recorded. */
interface Ahead {
  from: string
  piece: JournalPiece
}

/** The next piece; undefined if it cannot be read now. Then the next call meets the same error. */
async function readAhead(path: string, offset: number): Promise<JournalPiece | undefined> {
  try {
    return await readJournalBeside(path, offset)
  } catch {
    return undefined
  }
}

/** Records new events of the journal and the scores; returns whether there were any. */
export async function recordRun(db: Database, run: RecordedRun, kept: Kept = {}): Promise<boolean> {
  const any = await recordJournal(db, run, kept)
  // Scores and samples need their checkpoints, so the checkpoints are recorded first.
  const size = scoresSize(run.folder)
  const isScored = kept.scores !== size && (await recordScores(db, run))
  kept.scores = size
  return (await recordSampleFiles(db, run, any ? kept.last?.job : undefined)) || isScored || any
}

/**
 * Keeps recording a growing journal and its scores until the signal aborts, then records the rest.
 * The database is asked only if a file changed. A journal that grows slowly is recorded every two
 * seconds, and at once while somebody follows its job. While the database does not answer, the files are
 * the buffer, and `onError` gets each error. Ends if the job was removed from the board. A journal
 * that is missing for a moment changes nothing. Throws OtherRunError if the folder holds another run.
 */
export async function followJournal(
  db: Database,
  run: RecordedRun,
  signal: AbortSignal,
  onError: (error: unknown) => void,
): Promise<void> {
  using changes = new Changes(run.folder)
  const missing = new MissingJournal(db, run)
  const gathering = new Gathering(db, run.job_id)
  const path = join(run.folder, JOURNAL)
  const look = new LastLook(db, run.job_id)
  let kept: Kept = {}
  let keptAt = performance.now()
  let newAt = keptAt
  while (!signal.aborted) {
    try {
      await missing.check()
      const files = filesOf(run.folder)
      if (!(await look.isCurrent(files))) {
        await gathered(gathering, path, signal)
        const [bytes, began] = [journalSize(path), performance.now()]
        if (began - keptAt >= ASK_AGAIN) {
          kept = {}
          keptAt = began
        }
        if (await recordRun(db, run, kept)) {
          gathering.wrote(bytes, began)
          // A write shows that what is kept was right.
          keptAt = newAt = began
          continue
        }
        look.sawAll(files)
      }
      const isQuiet = performance.now() - newAt > QUIET_AFTER && !gathering.isFollowed
      await changes.next(signal, isQuiet ? POLL_EVERY.quiet : POLL_EVERY.growing)
    } catch (error) {
      if (error instanceof OtherRunError) throw error
      kept = {}
      onError(error)
      if (error instanceof JobUnknown) return
      await pause(TRY_AGAIN, signal)
    }
  }
  await recordRun(db, run)
}

/** Waits until the next write is due. */
async function gathered(gathering: Gathering, path: string, signal: AbortSignal): Promise<void> {
  using arrival = gathering.arrival(signal)
  while (!arrival.signal.aborted) {
    const left = gathering.left(journalSize(path))
    if (left === 0) return
    // A look per line would cost more than the lines do.
    await pause(Math.min(left, LOOK), arrival.signal)
  }
}

/** A text that changes when a file of the journal's run changes. */
function filesOf(folder: string): string {
  return [folder, join(folder, JOURNAL), join(folder, SCORES)]
    .map((path) => {
      const seen = statIfSeen(path)
      // On some file systems other files change the size of the folder.
      return seen ? `${seen.ino} ${seen.mtimeMs} ${path === folder ? '' : seen.size}` : ''
    })
    .join('\n')
}
