import type { PageServerLoad } from './$types'

/** How many changes one page shows. */
const SHOWN = 50

export const load: PageServerLoad = async ({ locals, url }) => {
  const given = url.searchParams.get('before') ?? ''
  // Another text shows the first page.
  const before = /^\d{1,15}$/.test(given) ? Number(given) : undefined
  const { access, people } = locals.api
  const [tokens, entries, accounts] = await Promise.all([
    access.tokens(),
    access.audit({ before, limit: SHOWN + 1 }),
    // Where the link opens the board, nobody has an account.
    locals.accounts && Promise.all([people.list(), people.invitations()]),
  ])
  const shown = entries.slice(0, SHOWN)
  const hasMore = entries.length > SHOWN
  const last = hasMore ? (shown.at(-1)?.audit_id ?? null) : null
  const [listed, invitations] = accounts ?? []
  return { tokens, entries: shown, before: last, people: listed, invitations: invitations ?? [] }
}
