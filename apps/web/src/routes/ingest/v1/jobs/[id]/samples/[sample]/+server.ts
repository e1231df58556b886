import { answerSampleFile } from '@bestmark/api/ingest/samples'
import { logError } from '#lib/server/errors.ts'
import type { RequestHandler } from './$types'

/** Takes the file of one sample, and says whether the board has it. */
const answer: RequestHandler = ({ request, params, locals }) =>
  answerSampleFile({
    request,
    job_id: params.id,
    sample_id: params.sample,
    createContext: () => locals.context(),
    onError: logError,
  })

export const GET = answer
export const POST = answer
