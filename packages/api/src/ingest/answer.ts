import { audited, type JournalOffset, recordSent, sentOffset, wantsFiles } from '@bestmark/db'
import { answering, codeOf, type IngestRequest, type Sending } from './answering.ts'
import { pieceIn } from './body.ts'
import { headersOf } from './pieceHeaders.ts'
import { keyOf, SendingRate } from './rate.ts'

const rate = new SendingRate()

/**
 * Answers a GET with how far the board has the journal of a job, and a POST of a piece of it with the
 * same after the piece. `wants_files` says whether the board lacks files of its samples.
 */
export async function answerIngest(asked: IngestRequest): Promise<Response> {
  return answering(asked, async (sending) => {
    const { db, job_id, limit } = sending
    const isPiece = asked.request.method === 'POST'
    const at = await (isPiece ? receive(asked, sending) : sentOffset(db, job_id, limit))
    return { ...at, wants_files: await wantsFiles(db, job_id) }
  })
}

async function receive(
  { request, rate: limiter = rate }: IngestRequest,
  sending: Sending,
): Promise<JournalOffset> {
  const { db, job_id, limit, sender } = sending
  const id = keyOf(sender)
  limiter.assert(id)
  const head = headersOf(request.headers)
  const bytes = await pieceIn(request)
  limiter.note(id, bytes.length)
  const piece = { ...head, bytes }
  const take = () => recordSent(db, job_id, piece, limit)
  return piece.offset === 0 ? auditedBegin(sending, take) : take()
}

/** The beginning of a journal puts a job on the board, or replaces what is there. */
async function auditedBegin(
  { db, job_id, sender }: Sending,
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
