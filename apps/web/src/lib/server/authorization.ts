import type { BoardAccess } from '@bestmark/api/board'
import type { RequestEvent } from '@sveltejs/kit'
import { bearer, withinBoard } from './access.ts'
import { withSecurityHeaders } from './headers.ts'

/** Names by which every server of this machine is reached, and by which they share their cookies. */
const SHARED = ['localhost', '127.0.0.1', '[::1]']
/** The cookies of earlier versions, which held the token itself. */
const OLD_COOKIE = /^bestmark_[0-9a-f]{32}$/

const COOKIE = {
  path: '/',
  httpOnly: true,
  // A reader who follows a link to a page of the board is let in; what a link may lead to is few.
  sameSite: 'lax',
  // Not every browser keeps a secure cookie of http://….localhost, though all call it trustworthy.
  secure: false,
} as const

const YEAR = 365 * 24 * 60 * 60

/** Whether a request shows the token as Bearer, or the cookie of a session. */
export async function hasAccess(
  { request, cookies }: RequestEvent,
  access: BoardAccess,
): Promise<boolean> {
  const shown = bearer(request.headers)
  if (shown !== null) return access.isToken(shown)
  return access.hasSession(cookies.get(await access.cookie()))
}

/**
 * Answers whoever opened the link: at the board's own name with a clean address, and a browser with
 * a session in a cookie; at a name that other servers share by going to the board's own, where the
 * browser finds it.
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
 * The cookies of an earlier version of this board, which let nobody in. Boards on other ports share
 * the browser's cookies, and may need theirs: this board's hold its token.
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

/** Takes from a browser what it should not send about: the token. */
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

/** Whether a reader goes to a page. Tools and checkers of links need no session and keep none. */
function isVisit(headers: Headers): boolean {
  const mode = headers.get('sec-fetch-mode')
  if (mode !== null) return mode === 'navigate'
  return headers.get('accept')?.includes('text/html') ?? false
}

/**
 * Whether a person's browser asks, of a kind that takes every `….localhost` for this machine.
 * Safari asks the machine's resolver, and tools do not say that they navigate.
 */
function findsNames(headers: Headers): boolean {
  const agent = headers.get('user-agent') ?? ''
  const isSafari = agent.includes('Safari/') && !/Chrom(e|ium)\//.test(agent)
  return headers.get('sec-fetch-mode') === 'navigate' && !isSafari
}
