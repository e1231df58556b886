import { httpOptions } from '@bestmark/api/httpOptions'
import { fetchRequestHandler } from '@trpc/server/adapters/fetch'
import { reportFailure } from '#lib/server/errors.ts'
import type { RequestHandler } from './$types'

/** Serves every procedure of the API: queries, mutations and the live subscription. */
const answer: RequestHandler = ({ request, locals }) => {
  const report = reportFailure(request)
  return fetchRequestHandler({
    endpoint: '/trpc',
    req: request,
    ...httpOptions,
    createContext: () => locals.context(),
    onError: ({ error }) => report(error),
  })
}

export const GET = answer
export const POST = answer
