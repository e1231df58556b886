import { type Person, Refused } from '@bestmark/api/board'
import { error, fail, redirect } from '@sveltejs/kit'
import { accountsIn, fieldOf } from '#lib/server/signIn.ts'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals }) => {
  const person = personIn(locals)
  const hasPassword = await accountsIn(locals).hasPassword(person)
  return { account: { email: person.email }, hasPassword }
}

export const actions: Actions = {
  signOut: async ({ locals, request }) => {
    personIn(locals)
    locals.cookies?.push(...(await accountsIn(locals).signOut(request.headers)))
    redirect(303, '/sign-in')
  },

  endSessions: async ({ locals, request }) => {
    const accounts = accountsIn(locals)
    await accounts.endSessions(personIn(locals))
    locals.cookies?.push(...(await accounts.signOut(request.headers)))
    redirect(303, '/sign-in')
  },

  password: async ({ locals, request }) => {
    const form = await request.formData()
    const [present, next] = [fieldOf(form, 'present'), fieldOf(form, 'next')]
    try {
      await accountsIn(locals).changePassword(personIn(locals), present, next)
      return { changed: true, problem: '' }
    } catch (cause) {
      if (cause instanceof Refused) return fail(400, { changed: false, problem: cause.message })
      throw cause
    }
  },
}

function personIn({ person }: App.Locals): Person {
  return person ?? error(404, 'Only people with an account have this page.')
}
