import { causeOfQuery, databaseFailure, type DatabaseFailure } from '@bestmark/db/unavailable'
import { errorText } from './failure.ts'

/** What failed, and what to do. */
const SENTENCES: Record<DatabaseFailure, readonly [what: string, act: string]> = {
  away: ['Cannot reach the database', 'Run the command again when it is back.'],
  slow: ['The database took too long', 'Run the command again later.'],
  read_only: ['The database is read-only', 'Run the command again when it can be written.'],
  full: [
    'Cannot write to the database',
    'Free some space there, then run the command again. Recorded data is kept.',
  ],
}

/** Why the database failed, and what to do; undefined for any other error. */
export function databaseErrorText(error: unknown): string | undefined {
  const failure = databaseFailure(error)
  if (failure === undefined) return undefined
  const [what, act] = SENTENCES[failure]
  return `${what} (${errorText(causeOfQuery(error))}). ${act}`
}
