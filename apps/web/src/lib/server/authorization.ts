import type { BoardAccess } from '@bestmark/api/board'
import type { RequestEvent } from '@sveltejs/kit'
import { bearer, withinBoard } from './access.ts'
import { withSecurityHeaders } from './headers.ts'

/** Names that every server of this machine shares, so that their cookies are shared too. */
const SHARED = ['localhost', '127.0.0.1', '[::1]']
/** The cookies of earlier versions, which held the token itself. */
const OLD_COOKIE = /^bestmark_[0-9a-f]{32}$/

const COOKIE = {
  path: '/',
  httpOnly: true,
  // A link from another site may open a page of the board, so the cookie is sent with it.
  sameSite: 'lax',
  // Not every browser keeps a secure cookie of http://….localhost, though all treat it as secure.
  secure: false,
} as const

const YEAR = 365 * 24 * 60 * 60

/** Whether a request has the token as Bearer, or the cookie of a session. */
export async function hasAccess(
  { request, cookies }: RequestEvent,
  access: BoardAccess,
): Promise<boolean> {
  const shown = bearer(request.headers)
  if (shown !== null) return access.isToken(shown)
  return access.hasSession(cookies.get(await access.cookie()))
}

/**
 * Answers a request with the token of the link. At the board's own name it sets the session cookie
 * and redirects to an address without the token. At a name that other servers share it redirects
 * to the board's own name, if the browser can resolve it.
 */
export async function openLink(event: RequestEvent, access: BoardAccess): Promise<Response> {
  const { url, request } = event
  const rest = new URLSearchParams(url.searchParams)
  const name = await access.name()
  if (SHARED.includes(url.hostname) && findsNames(request.headers)) {
    const port = url.port && `:${url.port}`
    return away(event, access, `http://${name}${port}${withinBoard(url.pathname)}?${rest}`)
  }
  rest.delete('token')
  const location = withinBoard(url.pathname) + (rest.size > 0 ? `?${rest}` : '')
  const answer = await away(event, access, location)
  if (!isVisit(request.headers) || (await hasAccess(event, access))) return answer
  const cookie = { ...COOKIE, maxAge: YEAR }
  const session = await access.openSession()
  answer.headers.append(
    'set-cookie',
    event.cookies.serialize(await access.cookie(), session, cookie),
  )
  return answer
}

async function away(event: RequestEvent, access: BoardAccess, location: string): Promise<Response> {
  const headers = { location, 'cache-control': 'no-store' }
  const answer = withSecurityHeaders(new Response(null, { status: 303, headers }))
  return removeOldCookies(event, answer, await oldCookies(event, access))
}

/**
 * The cookies of an earlier version of this board, which give no access now. Boards on other ports
 * share the browser's cookies and may need theirs, so only cookies with this token are removed.
 */
export async function oldCookies(
  { cookies }: RequestEvent,
  access: BoardAccess,
): Promise<string[]> {
  const names: string[] = []
  for (const { name, value } of cookies.getAll()) {
    if (OLD_COOKIE.test(name) && (await access.isToken(value))) names.push(name)
  }
  return names
}

/** Removes the cookie that holds the token, because a browser should not send it. */
export function removeOldCookies(
  { cookies }: RequestEvent,
  answer: Response,
  names: string[],
): Response {
  for (const name of names) {
    answer.headers.append('set-cookie', cookies.serialize(name, '', { ...COOKIE, maxAge: 0 }))
  }
  return answer
}

/** Whether a browser opens a page. Tools and link checkers need no session and keep none. */
export function isVisit(headers: Headers): boolean {
  const mode = headers.get('sec-fetch-mode')
  if (mode !== null) return mode === 'navigate'
  return headers.get('accept')?.includes('text/html') ?? false
}

/**
 * Whether the request comes from a browser that resolves every `….localhost` to this machine.
 * Safari asks the resolver of the machine, and tools do not send the header of a navigation.
 */
function findsNames(headers: Headers): boolean {
  const agent = headers.get('user-agent') ?? ''
  const isSafari = agent.includes('Safari/') && !/Chrom(e|ium)\//.test(agent)
  return headers.get('sec-fetch-mode') === 'navigate' && !isSafari
}
