import { hasAdmin } from '@bestmark/api/board'
import { fail, redirect } from '@sveltejs/kit'
import { accountsIn, fieldOf, pageAfter } from '#lib/server/signIn.ts'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals, url }) => {
  const { hasProvider } = accountsIn(locals)
  if (locals.person) redirect(303, pageAfter(url))
  return {
    hasProvider,
    /** Why the provider's answer opened nothing. */
    refused: url.searchParams.get('error'),
    isNew: !(await hasAdmin(locals.context().db)),
    to: pageAfter(url),
  }
}

export const actions: Actions = {
  default: async ({ request, locals, url, getClientAddress }) => {
    const form = await request.formData()
    const email = fieldOf(form, 'email').slice(0, 300)
    const given = { email, password: fieldOf(form, 'password') }
    const from = { headers: request.headers, address: getClientAddress() }
    const answer = await accountsIn(locals).signIn(given, from)
    if ('refused' in answer) {
      return fail(answer.refused === 'tries' ? 429 : 401, { email, refused: answer.refused })
    }
    locals.cookies?.push(...answer.cookies)
    redirect(303, pageAfter(url))
  },
}
