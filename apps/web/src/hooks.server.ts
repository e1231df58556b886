import { sequence, type Handle, type HandleServerError } from '@sveltejs/kit/hooks'
import { isCrossSite, mayWrite } from '#lib/server/access.ts'
import { boundedBody } from '#lib/server/boundedBody.ts'
import { closeBoard, access } from '#lib/server/board.ts'
import { compressed } from '#lib/server/compression.ts'
import { FORM_REFERRER, withSecurityHeaders, SCRIPTLESS_POLICY } from '#lib/server/headers.ts'
import { stopLogging, describeError, logError } from '#lib/server/errors.ts'
import { LIMITS } from '#lib/server/httpServer.ts'
import { isIngest } from '#lib/server/requests.ts'
import { refusals } from '#lib/server/refusals.ts'
import { acceptsHost, refuseHost, serving } from '#lib/server/serving.ts'
import { withAccounts } from '#lib/server/withAccounts.ts'
import { withLink } from '#lib/server/withLink.ts'

for (const end of ['SIGTERM', 'SIGINT', 'disconnect']) process.once(end, stopLogging)
// The server says so when its last connection has closed.
process.once('sveltekit:shutdown', () => {
  closeBoard()
    .catch(logError)
    .finally(() => process.exit())
})
// Live streams that the old token opened must end; the server closes all that are open.
access.onRenewed(() => process.emit('bestmark:renewed' as NodeJS.Signals))

const machine: Handle = async ({ event, resolve }) => {
  const { request, url } = event
  const host = request.headers.get('host')
  if (!acceptsHost(host)) return refuseHost()
  if (!mayWrite(request, serving.hasAccounts ? url : { host })) return refusals.origin()
  const isProcedure = event.route.id?.startsWith('/trpc') ?? false
  if (isCrossSite(request, isProcedure)) return refusals.elsewhere()
  if (isIngest(event.route.id)) return resolve(event)
  const bounded = await boundedBody(request)
  if (!bounded) return refusals.body(LIMITS.body)
  // Its type is read-only, but routes read the body from there.
  return resolve(Object.assign(event, { request: bounded }))
}

/** Pages with forms that work without a script. */
const WITH_FORMS = new Set(['/sign-in', '/join', '/account'])

const pages: Handle = async ({ event, resolve }) => {
  const theme = event.cookies.get('theme')
  const chosen = theme === 'light' || theme === 'dark' ? theme : ''
  const response = await resolve(event, {
    transformPageChunk: ({ html }) => html.replace('%theme%', chosen),
  })
  if (event.route.id?.endsWith('/report')) {
    response.headers.set('content-security-policy', SCRIPTLESS_POLICY)
  }
  if (WITH_FORMS.has(event.route.id ?? '')) {
    response.headers.set('referrer-policy', FORM_REFERRER)
    // An answer that it is unchanged would bring the policy of other pages.
    response.headers.set('cache-control', 'no-store')
  }
  return withSecurityHeaders(response)
}

const wire: Handle = async ({ event, resolve }) => compressed(event.request, await resolve(event))

export const handle = sequence(wire, machine, serving.hasAccounts ? withAccounts : withLink, pages)

export const handleError: HandleServerError = ({ error, kind }) => {
  if (kind !== 'unknown') return
  return describeError(error)
}
