import { httpOptions } from '@bestmark/api/httpOptions'
import { fetchRequestHandler } from '@trpc/server/adapters/fetch'
import { reported } from '#lib/server/problems.ts'
import type { RequestHandler } from './$types'

/** The only door of the API: queries, mutations and the live subscription. */
const answer: RequestHandler = ({ request, locals }) =>
  fetchRequestHandler({
    endpoint: '/trpc',
    req: request,
    ...httpOptions,
    createContext: () => locals.context(),
    onError: ({ error }) => {
      // What breaks off because its reader has left is no fault.
      const isOurs = error.code === 'INTERNAL_SERVER_ERROR' || error.code === 'SERVICE_UNAVAILABLE'
      if (isOurs && !request.signal.aborted) reported(error)
    },
  })

export const GET = answer
export const POST = answer
