import { recordSentScores, sentScores } from '@bestmark/db'
import { answering, type IngestRequest } from './answering.ts'
import { pieceIn } from './body.ts'
import { keyOf, SendingRate } from './rate.ts'

const rate = new SendingRate()

/**
 * Answers a GET with the SHA-256 of the scores that were sent to a job last, and a POST of all its
 * scores with the same after it.
 */
export async function answerScores(asked: IngestRequest): Promise<Response> {
  return answering(asked, async ({ db, job_id, limit, sender }) => {
    if (asked.request.method !== 'POST') return { sha256: await sentScores(db, job_id, limit) }
    const limiter = asked.rate ?? rate
    limiter.assert(keyOf(sender))
    const lines = await pieceIn(asked.request)
    limiter.note(keyOf(sender), lines.length)
    return { sha256: await recordSentScores(db, job_id, lines, limit) }
  })
}
