import { type DatabaseFailure, databaseFailure } from '@bestmark/db'
import { TRPCError } from '@trpc/server'

const SENTENCES: Record<DatabaseFailure, string> = {
  away: 'The database cannot be reached. Training continues and nothing is lost. Try again in a moment.',
  slow: 'The database took too long to answer. Try again in a moment, or request less at once.',
  full: 'The disk that holds the database is full, so nothing was changed. Free some space and try again.',
  read_only: 'The database is read-only, so nothing was changed. Try again once it can be written.',
}

/** The message for a database failure; undefined for any other error. */
export function unavailableSentence(error: unknown): string | undefined {
  const by = databaseFailure(error)
  return by && SENTENCES[by]
}

/** The error that answers a call with 503 if the database fails. */
export function unavailable(error: unknown): TRPCError | undefined {
  const message = unavailableSentence(error)
  if (message === undefined) return undefined
  return new TRPCError({ code: 'SERVICE_UNAVAILABLE', message, cause: error })
}
