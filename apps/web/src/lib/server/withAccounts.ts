import { createCaller } from '@bestmark/api'
import type { Accounts, SignedIn } from '@bestmark/api/accounts'
import {
  type Board,
  type Caller,
  isApiSecret,
  type NoCaller,
  personCaller,
  tokenCaller,
  unavailable,
} from '@bestmark/api/board'
import type { RequestEvent } from '@sveltejs/kit'
import type { Handle } from '@sveltejs/kit/hooks'
import { bearer, withinBoard } from './access.ts'
import { accountsOf } from './accounts.ts'
import { isVisit } from './authorization.ts'
import { withSecurityHeaders } from './headers.ts'
import { refusals } from './refusals.ts'
import {
  answerAway,
  attempts,
  isProcedureCall,
  isPublic,
  mayOnlySend,
  openBoardFor,
} from './requests.ts'

/** Lets in people who are signed in, and programs with a token. The link gives no access. */
export const withAccounts: Handle = async ({ event, resolve }) => {
  const open = await openBoardFor(event, resolve)
  if (open instanceof Response) return open
  const { db, replica } = open
  const { headers } = event.request
  const shown = bearer(headers)
  if (shown !== null && !attempts.allows(shown, event.getClientAddress()))
    return refusals.attempts()
  const accounts = await accountsOf(open)
  let found: Found
  try {
    found = await db.whileAnswering(() => find(db, accounts, headers))
  } catch (error) {
    if (unavailable(error)) return answerAway(event, resolve, error)
    throw error
  }
  const { signedIn, caller } = found
  if (isApiSecret(shown)) attempts.note(shown, event.getClientAddress(), caller !== 'signed_out')
  if (typeof caller !== 'object' && !isProcedureCall(event) && !isPublic(event)) {
    return toSignIn(event)
  }
  if (mayOnlySend(caller, event)) return refusals.ingest()
  const context = { db, replica, caller }
  event.locals.context = () => context
  event.locals.api = createCaller(context)
  if (typeof caller === 'object') event.locals.caller = caller
  event.locals.accounts = accounts
  event.locals.person = signedIn?.person
  const cookies = (event.locals.cookies = signedIn?.cookies ?? [])
  const answer = await resolve(event)
  // The forms of accounts write, too.
  if (event.request.method !== 'GET') replica?.wrote()
  for (const cookie of cookies) answer.headers.append('set-cookie', cookie)
  return answer
}

interface Found {
  signedIn?: SignedIn | undefined
  caller: Caller | NoCaller
}

/** Who sends a request: a person by a cookie, or a program by a token. */
async function find(db: Board['db'], accounts: Accounts, headers: Headers): Promise<Found> {
  const shown = bearer(headers)
  if (shown !== null) return { caller: (await tokenCaller(db, shown)) ?? 'signed_out' }
  const signedIn = await accounts.signedIn(headers)
  if (!signedIn) return { caller: 'signed_out' }
  return { signedIn, caller: personCaller(signedIn.person, signedIn.session_id) }
}

/** Sends a browser to the page where people sign in, and back afterwards. */
function toSignIn({ request, url }: RequestEvent): Response {
  if (request.method !== 'GET' || !isVisit(request.headers)) return refusals.signIn()
  // An old link of the board has its token here.
  const search = new URLSearchParams(url.searchParams)
  search.delete('token')
  const to = withinBoard(url.pathname) + (search.size > 0 ? `?${search}` : '')
  const location = to === '/' ? '/sign-in' : `/sign-in?to=${encodeURIComponent(to)}`
  const headers = { location, 'cache-control': 'no-store' }
  return withSecurityHeaders(new Response(null, { status: 303, headers }))
}
