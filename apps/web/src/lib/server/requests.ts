import type { RequestEvent } from '@sveltejs/kit'
import { type Board, type Caller, type NoCaller, unavailable } from '@bestmark/api/board'
import { INGEST } from '@bestmark/core'
import { Attempts } from './attempts.ts'
import { board } from './board.ts'
import { logError } from './errors.ts'
import { refusals } from './refusals.ts'

/** The tokens of programs that were looked up. */
export const attempts = new Attempts()

const SUBSCRIPTIONS = new Set(['watch', 'watchMany'])

/** Whether a route takes the journals that are sent to the board. */
export function isIngest(id: string | null): boolean {
  return id?.startsWith('/ingest/') ?? false
}

/**
 * Whether a procedure answers with the error itself. A subscription does not, because its answer
 * begins with status 200.
 */
export function isProcedureCall({ params, route }: RequestEvent): boolean {
  if (route.id === '/api/v1/[...path]' || isIngest(route.id)) return true
  const procedures = (params['procedure'] ?? '').split(/[/,]/).filter(Boolean)
  return procedures.length > 0 && !procedures.some((name) => SUBSCRIPTIONS.has(name))
}

/** Pages and routes that need no account, because they lead to one. */
const PUBLIC = new Set(['/sign-in', '/sign-in/provider', '/sign-in/callback/[provider]', '/join'])

/** Whether a page or route leads to an account. */
export function isPublic({ route }: RequestEvent): boolean {
  return PUBLIC.has(route.id ?? '')
}

/** Whether a caller who may only send journals asks for anything else than a procedure, which refuses it. */
export function mayOnlySend(caller: Caller | NoCaller, event: RequestEvent): boolean {
  if (typeof caller !== 'object' || caller.scope !== INGEST) return false
  return !isProcedureCall(event) && !isPublic(event)
}

/** The open board; or the answer while its database cannot be reached. */
export async function openBoardFor(
  event: RequestEvent,
  resolve: (event: RequestEvent) => Response | Promise<Response>,
): Promise<Board | Response> {
  try {
    return await board()
  } catch (error) {
    return answerAway(event, resolve, error)
  }
}

/** The answer while the database cannot be reached. */
export function answerAway(
  event: RequestEvent,
  resolve: (event: RequestEvent) => Response | Promise<Response>,
  error: unknown,
): Response | Promise<Response> {
  logError(error)
  if (!isProcedureCall(event)) return refusals.database()
  event.locals.context = () => {
    throw unavailable(error) ?? error
  }
  return resolve(event)
}
