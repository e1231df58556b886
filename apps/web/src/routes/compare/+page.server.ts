import { compareInput, readQuery } from '#lib/comparison/compareQuery.ts'
import type { PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals, url }) => {
  const query = readQuery(url.searchParams)
  const input = compareInput(query)
  if (!input) return { loaded: null }
  return { loaded: { query, compared: await locals.api.jobs.compare(input) } }
}
