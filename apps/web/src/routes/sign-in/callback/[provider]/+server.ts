import { error } from '@sveltejs/kit'
import { accountsIn } from '#lib/server/signIn.ts'
import type { RequestHandler } from './$types'

/** Takes the answer of the provider from a browser, and signs it in. */
export const GET: RequestHandler = async ({ locals, request }) => {
  const accounts = accountsIn(locals)
  if (!accounts.hasProvider) error(404, 'This board has no provider to sign in.')
  return accounts.answerFromProvider(request)
}
