import { error } from '@sveltejs/kit'
import { accountsIn, pageAfter } from '#lib/server/signIn.ts'
import type { RequestHandler } from './$types'

/** Sends a browser to the provider, which asks who somebody is. */
export const GET: RequestHandler = async ({ locals, request, url }) => {
  const accounts = accountsIn(locals)
  if (!accounts.hasProvider) error(404, 'This board has no provider to sign in.')
  const { location, cookies } = await accounts.beginAtProvider(request.headers, pageAfter(url))
  locals.cookies?.push(...cookies)
  // A redirect of the framework does not leave this site.
  return new Response(null, { status: 303, headers: { location, 'cache-control': 'no-store' } })
}
