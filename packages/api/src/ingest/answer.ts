import type { IngestCode } from '@bestmark/core'
import {
  audited,
  type Database,
  IngestRefused,
  type JournalOffset,
  recordSent,
  sentOffset,
} from '@bestmark/db'
import { TRPCError } from '@trpc/server'
import type { Caller } from '../caller.ts'
import type { Context } from '../trpc.ts'
import { unavailableSentence } from '../unavailable.ts'
import { pieceIn } from './body.ts'
import { headersOf, jobIdIn } from './pieceHeaders.ts'
import { SendingRate } from './rate.ts'
import { type Sender, senderOf } from './sender.ts'

/** The HTTP status of each code. */
const STATUS: Record<IngestCode, number> = {
  ...{ request_invalid: 400, not_gzip: 400, piece_too_large: 413 },
  ...{ token_unknown: 401, token_expired: 401, token_revoked: 401 },
  ...{ scope_missing: 403, other_job: 403, other_project: 403 },
  ...{ not_a_journal: 400, other_journal: 400, gap: 409, journal_differs: 409 },
  ...{ journal_too_large: 413, recorded_from_files: 409, job_deleted: 410 },
  ...{ too_fast: 429, database_away: 503, internal_error: 500 },
}

/** After how many seconds a sender tries again while the database is away. */
const AWAY = 5

const rate = new SendingRate()

/** A request about the journal of one job. */
export interface IngestRequest {
  request: Request
  job_id: string
  /** Throws while the database is away. */
  createContext: () => Context
  /** Called with an error that is not the sender's. */
  onError: (error: unknown) => void
  rate?: SendingRate
}

/**
 * Answers a GET with how far the board has the journal of a job, and a POST of a piece of it with the
 * same after the piece. An error is JSON with its `code`.
 */
export async function answerIngest(asked: IngestRequest): Promise<Response> {
  try {
    const { db, caller } = asked.createContext()
    const job_id = jobIdIn(asked.job_id)
    const { limit, sender } = senderOf(caller)
    const at = await db.whileAnswering(() =>
      asked.request.method === 'POST'
        ? receive(asked, { db, job_id, limit, sender })
        : sentOffset(db, job_id, limit),
    )
    return Response.json({ job_id, ...at }, { headers: HEADERS })
  } catch (error) {
    return refusal(error, asked.onError)
  }
}

const HEADERS = { 'cache-control': 'no-store' }

async function receive(
  { request, rate: limiter = rate }: IngestRequest,
  { db, job_id, limit, sender }: Sender & { db: Database; job_id: string },
): Promise<JournalOffset> {
  const id = sender.token_id ?? sender.person_id ?? sender.kind
  const wait = limiter.wait(id)
  if (wait > 0) throw new TooFast(wait)
  const head = headersOf(request.headers)
  const bytes = await pieceIn(request)
  limiter.note(id, bytes.length)
  const piece = { ...head, bytes }
  const take = () => recordSent(db, job_id, piece, limit)
  return piece.offset === 0 ? auditedBegin(db, { job_id, sender }, take) : take()
}

/** The beginning of a journal puts a job on the board, or replaces what is there. */
async function auditedBegin(
  db: Database,
  { job_id, sender }: { job_id: string; sender: Caller },
  take: () => Promise<JournalOffset>,
): Promise<JournalOffset> {
  const { kind, token_id, person_id, name } = sender
  const by = { caller: kind, token_id, person_id, name }
  const done = await audited(
    db,
    { ...by, procedure: 'ingest', subject: { job_id } },
    () => take().catch((error: unknown) => ({ error })),
    (result) => ('error' in result ? codeOf(result.error) : 'done'),
  )
  if ('error' in done) throw done.error
  return done
}

/** Too much was sent in the last minute. */
class TooFast extends IngestRefused {
  /** Seconds. */
  readonly wait: number

  constructor(milliseconds: number) {
    const wait = Math.max(1, Math.ceil(milliseconds / 1000))
    super('too_fast', `This token sends too much at once. Try again in ${wait} s.`)
    this.wait = wait
  }
}

function codeOf(error: unknown): IngestCode {
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
