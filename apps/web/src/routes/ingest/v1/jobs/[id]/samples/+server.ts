import { answerSamples } from '@bestmark/api/ingest/samples'
import { logError } from '#lib/server/errors.ts'
import type { RequestHandler } from './$types'

/** Says which files of a job's samples the board lacks, and takes what a sender says of them. */
const answer: RequestHandler = ({ request, params, locals }) =>
  answerSamples({
    request,
    job_id: params.id,
    createContext: () => locals.context(),
    onError: logError,
  })

export const GET = answer
export const POST = answer
