import { createCaller } from '@bestmark/api'
import { unavailable, type Board } from '@bestmark/api/board'
import type { RequestEvent } from '@sveltejs/kit'
import { sequence, type Handle, type HandleServerError } from '@sveltejs/kit/hooks'
import { fromElsewhere, isLoopback, mayWrite } from '#lib/server/access.ts'
import { board, closeBoard, door } from '#lib/server/board.ts'
import { compressed } from '#lib/server/compression.ts'
import { isLetIn, oldCookies, openedLink, withoutOldCookies } from '#lib/server/entrance.ts'
import { guarded, SCRIPTLESS_POLICY } from '#lib/server/headers.ts'
import { endReports, explained, reported } from '#lib/server/problems.ts'
import { refusals } from '#lib/server/refusals.ts'

for (const end of ['SIGTERM', 'SIGINT', 'disconnect']) process.once(end, endReports)
// The server says so when its last connection has closed.
process.once('sveltekit:shutdown', () => {
  closeBoard()
    .catch(reported)
    .finally(() => process.exit())
})
// Live streams of whoever the old token let in end; the server closes what is open.
door.onRenewed(() => process.emit('bestmark:renewed' as NodeJS.Signals))

const machine: Handle = ({ event, resolve }) => {
  const host = event.request.headers.get('host')
  if (!isLoopback(host)) return refusals.host()
  if (!mayWrite(event.request, host)) return refusals.origin()
  const isProcedure = event.route.id?.startsWith('/trpc') ?? false
  if (fromElsewhere(event.request, isProcedure)) return refusals.elsewhere()
  return resolve(event)
}

const entrance: Handle = async ({ event, resolve }) => {
  if (await door.isToken(event.url.searchParams.get('token'))) return openedLink(event, door)
  const authorized = await isLetIn(event, door)
  if (!authorized && !isTold(event)) {
    const old = await oldCookies(event, door)
    return old.length > 0 ? withoutOldCookies(event, refusals.oldCookie(), old) : refusals.token()
  }
  let open: Board
  try {
    open = await board()
  } catch (error) {
    reported(error)
    if (!isTold(event)) return refusals.database()
    event.locals.context = () => {
      throw unavailable(error) ?? error
    }
    return resolve(event)
  }
  const context = { db: open.db, authorized }
  event.locals.context = () => context
  event.locals.api = createCaller(context)
  return resolve(event)
}

/**
 * A tool is told in its own words, by the procedure that it called, unless it asked for a stream:
 * that would begin with 200.
 */
function isTold({ params, route }: RequestEvent): boolean {
  if (route.id === '/api/v1/[...path]') return true
  const procedures = (params['procedure'] ?? '').split(/[/,]/).filter(Boolean)
  return procedures.length > 0 && !procedures.includes('watch')
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
  return guarded(response)
}

const wire: Handle = async ({ event, resolve }) => compressed(event.request, await resolve(event))

export const handle = sequence(wire, machine, entrance, pages)

export const handleError: HandleServerError = ({ error, kind }) => {
  if (kind !== 'unknown') return
  return explained(error)
}
