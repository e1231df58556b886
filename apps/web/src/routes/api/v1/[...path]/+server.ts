import { answerPlain } from '@bestmark/api/plain'
import { reportFailure } from '#lib/server/errors.ts'
import type { RequestHandler } from './$types'

/** Plain JSON for notebooks and curl. */
export const GET: RequestHandler = ({ request, locals }) =>
  answerPlain(request, () => locals.context(), reportFailure(request))
