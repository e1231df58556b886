import { invitationOf, Refused, setupSecret } from '@bestmark/api/board'
import { fail, redirect, type Cookies } from '@sveltejs/kit'
import { access, home } from '#lib/server/board.ts'
import { accountsIn, fieldOf } from '#lib/server/signIn.ts'
import type { Actions, PageServerLoad } from './$types'

/** How long the secret of a link stays in the browser that opened it (s). */
const HOUR = 60 * 60

const cookieName = async () => `${await access.cookie()}-join`

export const load: PageServerLoad = async ({ locals, url, cookies }) => {
  accountsIn(locals)
  const token = url.searchParams.get('token')
  if (token !== null) {
    // The secret leaves the address bar at once, and so stays in no history.
    const secure = url.protocol === 'https:'
    const kept = { path: '/join', httpOnly: true, sameSite: 'lax', secure, maxAge: HOUR } as const
    cookies.set(await cookieName(), token.slice(0, 200), kept)
    redirect(303, '/join')
  }
  const secret = await secretIn(cookies)
  const invitation = secret && (await invitationOf(locals.context().db, secret))
  if (!invitation) return { invitation: null }
  const { email, role, person_id } = invitation
  return { invitation: { email, role, isNewPassword: person_id !== null } }
}

export const actions: Actions = {
  default: async ({ request, locals, cookies, getClientAddress }) => {
    const accounts = accountsIn(locals)
    const form = await request.formData()
    const [name, email] = [fieldOf(form, 'name'), fieldOf(form, 'email')]
    const password = fieldOf(form, 'password')
    try {
      const person = await accounts.accept(await secretIn(cookies), { name, email, password })
      cookies.delete(await cookieName(), { path: '/join' })
      // Removes the file with the secret of the first account.
      await setupSecret(locals.context().db, home)
      const given = { email: person.email, password }
      const from = { headers: request.headers, address: getClientAddress() }
      const answer = await accounts.signIn(given, from)
      if ('cookies' in answer) locals.cookies?.push(...answer.cookies)
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      return fail(400, { name, email, problem: error.message })
    }
    redirect(303, '/')
  },
}

async function secretIn(cookies: Cookies): Promise<string> {
  return cookies.get(await cookieName()) ?? ''
}
