import { watch, type FSWatcher } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { JobUnknown, record, sourceCursor, type Database } from '@bestmark/db'
import { JOURNAL, journalSize, readJournal } from './journal.ts'
import { recordScores } from './scores/recordScores.ts'
import { toldByReader } from './sources/events.ts'
import { journalSource } from './sources/runJournal.ts'

/** Network file systems tell no events, so a file is looked at this often whatever happens (ms). */
const LOOK_AGAIN = 500
/** Events that come close together share a transaction (ms). */
const GATHER = 20
/** How long to wait before a database that is away is tried again (ms). */
const TRY_AGAIN = 1000

/** A run whose journal is being recorded. */
export interface Recorded {
  job_id: string
  /** Absolute path of the run's folder. */
  folder: string
  /** Whose files they are, where that is known. */
  host_id?: string
  /** Hears what a person should know of how the run was read, once that is recorded. */
  onTold?: ((text: string) => void) | undefined
}

/**
 * Records what the journal holds now beyond the stored cursor; returns whether there was anything.
 * What is written meanwhile is left to the next call, so that no trainer is too fast to end. A
 * journal that is shorter than what was read of it was begun anew, and replaces what was recorded.
 * Another recorder of the same journal may go on in between: each event is stored once; one that
 * lies beside the log of `bestmark run` is left to those who read both.
 * Throws where the database is away or the file is no journal.
 */
export async function recordJournal(db: Database, run: Recorded): Promise<boolean> {
  const { job_id, folder } = run
  const path = join(folder, JOURNAL)
  let cursor = await sourceCursor(db, job_id, JOURNAL)
  const size = journalSize(path)
  let any = false
  for (;;) {
    const known = Number(cursor ?? 0)
    if ((any && known >= size) || journalSource(folder) !== JOURNAL) return any
    const replace = known > journalSize(path)
    const offset = replace ? 0 : known
    const piece = readJournal(path, offset)
    if (piece.offset === offset) return any
    const to = String(piece.offset)
    const batch = { source: JOURNAL, from: cursor, to, events: piece.events, replace }
    const { recorded, cursor: present } = await record(db, job_id, batch)
    any ||= recorded
    if (recorded) for (const text of toldByReader(piece.events)) run.onTold?.(text)
    cursor = present
  }
}

/** Records what the journal and the scores hold beyond their cursors; whether there was anything. */
export async function recordRun(db: Database, run: Recorded): Promise<boolean> {
  const any = await recordJournal(db, run)
  // The scores come after the checkpoints that they are of.
  return (await recordScores(db, run)) || any
}

/**
 * Keeps recording a growing journal and its scores until the signal aborts, then records what is
 * left. While the database is away the files are the buffer; `onTrouble` hears why nothing is
 * recorded. It ends where the job was removed from the board.
 */
export async function followJournal(
  db: Database,
  run: Recorded,
  signal: AbortSignal,
  onTrouble: (error: unknown) => void,
): Promise<void> {
  using changes = new Changes(run.folder)
  while (!signal.aborted) {
    try {
      if (await recordRun(db, run)) continue
      await changes.next(signal)
    } catch (error) {
      onTrouble(error)
      if (error instanceof JobUnknown) return
      await pause(TRY_AGAIN, signal)
    }
  }
  await recordRun(db, run)
}

/** Waits, but no longer than until the signal aborts. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => undefined)
}

/** Changes below a folder, as hints: one may be missed, and `next` then waits a little longer. */
class Changes implements Disposable {
  #watcher: FSWatcher | undefined
  #pending = false
  #wake: () => void = () => undefined

  constructor(folder: string) {
    try {
      this.#watcher = watch(folder, { persistent: false }, () => {
        this.#pending = true
        this.#wake()
      })
      this.#watcher.on('error', () => this.#watcher?.close())
    } catch {
      // Without events (none left, or a file system that has none) the regular look must do.
      this.#watcher = undefined
    }
  }

  async next(signal: AbortSignal): Promise<void> {
    if (!this.#pending) {
      const woken = new AbortController()
      this.#wake = () => woken.abort()
      await pause(LOOK_AGAIN, AbortSignal.any([signal, woken.signal]))
    }
    this.#pending = false
    await pause(GATHER, signal)
  }

  [Symbol.dispose](): void {
    this.#watcher?.close()
  }
}
