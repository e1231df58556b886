import { createCaller } from '@bestmark/api'
import { isApiSecret, LINK, tokenCaller, unavailable, type Board } from '@bestmark/api/board'
import type { RequestEvent } from '@sveltejs/kit'
import { sequence, type Handle, type HandleServerError } from '@sveltejs/kit/hooks'
import { Attempts } from '#lib/server/attempts.ts'
import { bearer, isCrossSite, isLoopback, mayWrite } from '#lib/server/access.ts'
import { board, closeBoard, access } from '#lib/server/board.ts'
import { compressed } from '#lib/server/compression.ts'
import { hasAccess, oldCookies, openLink, removeOldCookies } from '#lib/server/authorization.ts'
import { withSecurityHeaders, SCRIPTLESS_POLICY } from '#lib/server/headers.ts'
import { stopLogging, describeError, logError } from '#lib/server/errors.ts'
import { refusals } from '#lib/server/refusals.ts'

for (const end of ['SIGTERM', 'SIGINT', 'disconnect']) process.once(end, stopLogging)
// The server says so when its last connection has closed.
process.once('sveltekit:shutdown', () => {
  closeBoard()
    .catch(logError)
    .finally(() => process.exit())
})
// Live streams that the old token opened must end; the server closes all that are open.
access.onRenewed(() => process.emit('bestmark:renewed' as NodeJS.Signals))

const machine: Handle = ({ event, resolve }) => {
  const host = event.request.headers.get('host')
  if (!isLoopback(host)) return refusals.host()
  if (!mayWrite(event.request, host)) return refusals.origin()
  const isProcedure = event.route.id?.startsWith('/trpc') ?? false
  if (isCrossSite(event.request, isProcedure)) return refusals.elsewhere()
  return resolve(event)
}

const attempts = new Attempts()

const authorization: Handle = async ({ event, resolve }) => {
  if (await access.isToken(event.url.searchParams.get('token'))) return openLink(event, access)
  const authorized = await hasAccess(event, access)
  const shown = bearer(event.request.headers)
  if (!authorized && !isApiSecret(shown) && !isProcedureCall(event)) {
    const old = await oldCookies(event, access)
    return old.length > 0 ? removeOldCookies(event, refusals.oldCookie(), old) : refusals.token()
  }
  let open: Board
  try {
    open = await board()
  } catch (error) {
    logError(error)
    if (!isProcedureCall(event)) return refusals.database()
    event.locals.context = () => {
      throw unavailable(error) ?? error
    }
    return resolve(event)
  }
  const { db } = open
  if (!authorized && shown !== null && !attempts.allows(shown)) return refusals.attempts()
  const caller = authorized ? LINK : await tokenCaller(db, shown)
  if (isApiSecret(shown)) attempts.note(shown, caller !== undefined)
  if (typeof caller !== 'object' && !isProcedureCall(event)) return refusals.token()
  const context = { db, caller }
  event.locals.context = () => context
  event.locals.api = createCaller(context)
  return resolve(event)
}

const SUBSCRIPTIONS = new Set(['watch', 'watchMany'])

/**
 * Whether a procedure answers with the error itself. A subscription does not, because its answer
 * begins with status 200.
 */
function isProcedureCall({ params, route }: RequestEvent): boolean {
  if (route.id === '/api/v1/[...path]') return true
  const procedures = (params['procedure'] ?? '').split(/[/,]/).filter(Boolean)
  return procedures.length > 0 && !procedures.some((name) => SUBSCRIPTIONS.has(name))
}

const pages: Handle = async ({ event, resolve }) => {
  const theme = event.cookies.get('theme')
  const chosen = theme === 'light' || theme === 'dark' ? theme : ''
  const response = await resolve(event, {
    transformPageChunk: ({ html }) => html.replace('%theme%', chosen),
  })
  if (event.route.id?.endsWith('/report')) {
    response.headers.set('content-security-policy', SCRIPTLESS_POLICY)
  }
  return withSecurityHeaders(response)
}

const wire: Handle = async ({ event, resolve }) => compressed(event.request, await resolve(event))

export const handle = sequence(wire, machine, authorization, pages)

export const handleError: HandleServerError = ({ error, kind }) => {
  if (kind !== 'unknown') return
  return describeError(error)
}
