import { answerIngest } from '@bestmark/api/ingest'
import { logError } from '#lib/server/errors.ts'
import type { RequestHandler } from './$types'

/** Takes the journal of a run whose machine has no route to the database, and says how far it has it. */
const answer: RequestHandler = ({ request, params, locals }) =>
  answerIngest({
    request,
    job_id: params.id,
    createContext: () => locals.context(),
    onError: logError,
  })

export const GET = answer
export const POST = answer
