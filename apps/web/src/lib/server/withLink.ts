import { createCaller } from '@bestmark/api'
import { isApiSecret, LINK, tokenCaller } from '@bestmark/api/board'
import type { Handle } from '@sveltejs/kit/hooks'
import { bearer } from './access.ts'
import { hasAccess, oldCookies, openLink, removeOldCookies } from './authorization.ts'
import { access } from './board.ts'
import { refusals } from './refusals.ts'
import { attempts, isProcedureCall, mayOnlySend, openBoardFor } from './requests.ts'

/** Lets in people with the link, and programs with a token. */
export const withLink: Handle = async ({ event, resolve }) => {
  if (await access.isToken(event.url.searchParams.get('token'))) return openLink(event, access)
  const authorized = await hasAccess(event, access)
  const shown = bearer(event.request.headers)
  if (!authorized && !isApiSecret(shown) && !isProcedureCall(event)) {
    const old = await oldCookies(event, access)
    return old.length > 0 ? removeOldCookies(event, refusals.oldCookie(), old) : refusals.token()
  }
  const open = await openBoardFor(event, resolve)
  if (open instanceof Response) return open
  const { db, replica } = open
  if (!authorized && shown !== null && !attempts.allows(shown, event.getClientAddress()))
    return refusals.attempts()
  const caller = authorized ? LINK : await tokenCaller(db, shown)
  if (isApiSecret(shown)) attempts.note(shown, event.getClientAddress(), caller !== undefined)
  if (typeof caller !== 'object' && !isProcedureCall(event)) return refusals.token()
  if (mayOnlySend(caller, event)) return refusals.ingest()
  const context = { db, replica, caller }
  event.locals.context = () => context
  event.locals.api = createCaller(context)
  if (typeof caller === 'object') event.locals.caller = caller
  return resolve(event)
}
