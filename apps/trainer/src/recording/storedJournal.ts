import { JOURNAL } from '@bestmark/core'
import { type Database, sourceCursor } from '@bestmark/db'
import { jsonObject } from '../files/json.ts'
import { readCursor } from './attemptShift.ts'
import { readJournalCursor } from './journalCursor.ts'

/** The id of the journal that a job was read from, alone or beside a log; null if there was none. */
export async function storedJournalId(db: Database, job_id: string): Promise<string | null> {
  const { id } = readJournalCursor(await sourceCursor(db, job_id, JOURNAL))
  return id ?? journalIn(await sourceCursor(db, job_id, 'files'))
}

function journalIn(cursor: string | null): string | null {
  const state = jsonObject(readCursor(cursor).cursor ?? '')?.['state']
  const isState = typeof state === 'object' && state !== null && 'journal' in state
  return isState && typeof state.journal === 'string' ? state.journal : null
}
