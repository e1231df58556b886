import { answerScores } from '@bestmark/api/ingest/scores'
import { logError } from '#lib/server/errors.ts'
import type { RequestHandler } from './$types'

/** Takes the scores of a job that were measured after its training. */
const answer: RequestHandler = ({ request, params, locals }) =>
  answerScores({
    request,
    job_id: params.id,
    createContext: () => locals.context(),
    onError: logError,
  })

export const GET = answer
export const POST = answer
