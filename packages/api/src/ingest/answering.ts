import type { IngestCode } from '@bestmark/core'
import { type Database, IngestRefused } from '@bestmark/db'
import { TRPCError } from '@trpc/server'
import type { Context } from '../trpc.ts'
import { unavailableSentence } from '../unavailable.ts'
import { idIn } from './pieceHeaders.ts'
import { type SendingRate, TooFast } from './rate.ts'
import { type Sender, senderOf } from './sender.ts'

/** The HTTP status of each code. */
const STATUS: Record<IngestCode, number> = {
  ...{ request_invalid: 400, not_gzip: 400, piece_too_large: 413 },
  ...{ token_unknown: 401, token_expired: 401, token_revoked: 401 },
  ...{ scope_missing: 403, other_job: 403, other_project: 403 },
  ...{ not_a_journal: 400, other_journal: 400, gap: 409, journal_differs: 409 },
  ...{ journal_too_large: 413, recorded_from_files: 409, job_deleted: 410 },
  ...{ sample_unknown: 404, file_differs: 400, file_too_large: 413 },
  ...{ too_fast: 429, database_away: 503, internal_error: 500 },
}

/** After how many seconds a sender tries again while the database is away. */
const AWAY = 5

const HEADERS = { 'cache-control': 'no-store' }

/** A request about one job. */
export interface IngestRequest {
  request: Request
  job_id: string
  /** Throws while the database is away. */
  createContext: () => Context
  /** Called with an error that is not the sender's. */
  onError: (error: unknown) => void
  rate?: SendingRate
}

/** Who sends to which job. */
export interface Sending extends Sender {
  db: Database
  job_id: string
}

/** Answers a request with the id of its job and what `work` returns. An error is JSON with its `code`. */
export async function answering(
  asked: IngestRequest,
  work: (sending: Sending) => Promise<object>,
): Promise<Response> {
  try {
    const { db, caller } = asked.createContext()
    const job_id = idIn(asked.job_id)
    const sender = senderOf(caller)
    const answer = await db.whileAnswering(() => work({ db, job_id, ...sender }))
    return Response.json({ job_id, ...answer }, { headers: HEADERS })
  } catch (error) {
    return refusal(error, asked.onError)
  }
}

/** The code of an error. */
export function codeOf(error: unknown): IngestCode {
  if (error instanceof IngestRefused) return error.code
  return unavailableSentence(causeOf(error)) === undefined ? 'internal_error' : 'database_away'
}

function causeOf(error: unknown): unknown {
  return error instanceof TRPCError ? error.cause : error
}

function refusal(error: unknown, onError: (error: unknown) => void): Response {
  const code = codeOf(error)
  if (code === 'internal_error') onError(error)
  const wait = error instanceof TooFast ? error.wait : code === 'database_away' ? AWAY : undefined
  const headers = { ...HEADERS, ...(wait !== undefined && { 'retry-after': String(wait) }) }
  const message = messageOf(error, code)
  const at = error instanceof IngestRefused ? error.at : undefined
  return Response.json({ code, message, ...at }, { status: STATUS[code], headers })
}

function messageOf(error: unknown, code: IngestCode): string {
  if (code === 'database_away') return unavailableSentence(causeOf(error)) ?? ''
  if (error instanceof IngestRefused) return error.message
  return 'The board has an internal error. Its log has the details.'
}
