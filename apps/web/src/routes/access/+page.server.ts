import type { PageServerLoad } from './$types'

/** How many changes one page shows. */
const SHOWN = 50

export const load: PageServerLoad = async ({ locals, url }) => {
  const given = url.searchParams.get('before') ?? ''
  // Another text shows the first page.
  const before = /^\d{1,15}$/.test(given) ? Number(given) : undefined
  const [tokens, entries] = await Promise.all([
    locals.api.access.tokens(),
    locals.api.access.audit({ before, limit: SHOWN + 1 }),
  ])
  const shown = entries.slice(0, SHOWN)
  const hasMore = entries.length > SHOWN
  return { tokens, entries: shown, before: hasMore ? (shown.at(-1)?.audit_id ?? null) : null }
}
